/** Compatibility level and mode, of the whole registry and of a subject. */
import { COMPATIBILITY_LEVELS } from '../registry/avro/avro-compatibility.ts';
import { failures, ok } from './registry-answer.ts';
import {
  isObject,
  type JsonObject,
  REGISTRY_MODES,
  type RegistryMode,
  type RegistryRecord,
} from './registry-record.ts';
import type { RegistryState } from './registry-state.ts';
import type { RoutedRequest } from './routes.ts';
import { flag } from './schema-reads.ts';
import { checkSubject, parseJsonBody, type WritePlan } from './schema-registration.ts';
import { isContext, isWithin } from './subject-name.ts';
import type { VendorProfile } from './vendor-profile.ts';

/** What Confluent keeps of a CONFIG beside the level. Stored and given back; only `normalize` has an effect here. */
const KEPT_CONFIG = [
  'alias',
  'normalize',
  'validateFields',
  'validateRules',
  'compatibilityPolicy',
  'compatibilityGroup',
  'defaultMetadata',
  'overrideMetadata',
  'defaultRuleSet',
  'overrideRuleSet',
];

export class SettingOperations {
  private readonly state: RegistryState;
  private readonly profile: VendorProfile;

  constructor({ state, profile }: { readonly state: RegistryState; readonly profile: VendorProfile }) {
    this.state = state;
    this.profile = profile;
  }

  /** `GET /config`. Throws 40408, and in Karapace 40401. */
  config({ subject, query }: RoutedRequest): unknown {
    if (subject === null) return { compatibilityLevel: 'BACKWARD', ...this.state.config(null) };
    const own = this.state.config(subject);
    if (own !== undefined) return own;
    if (query.get('defaultToGlobal') === 'true') return { compatibilityLevel: 'BACKWARD', ...this.state.config(null) };
    if (!this.profile.hasModes && this.state.versions(subject, { deleted: false }).length === 0) {
      throw failures.subjectNotFound(subject);
    }
    throw failures.noSubjectConfig(subject);
  }

  /** `GET /mode`. Throws 40409. */
  mode({ subject, query }: RoutedRequest): unknown {
    const own = this.state.mode(subject);
    if (subject === null || query.get('defaultToGlobal') === 'true') {
      return { mode: this.state.effectiveMode(subject) };
    }
    if (!this.profile.hasModes) return { mode: 'READWRITE' };
    if (own === undefined) throw failures.noSubjectMode(subject);
    return { mode: own };
  }

  plan(request: RoutedRequest): WritePlan {
    if (request.subject !== null && !isContext(request.subject)) checkSubject(request.subject);
    switch (request.operation) {
      case 'config-put':
        return this.putConfig(request);
      case 'config-delete':
        return this.deleteConfig(request);
      case 'mode-put':
        return this.putMode(request);
      default:
        return this.deleteMode(request);
    }
  }

  private putConfig({ subject, body }: RoutedRequest): WritePlan {
    this.checkWritable(subject);
    const json = parseJsonBody(body);
    const given = json?.['compatibility'] ?? json?.['compatibilityLevel'];
    const level = COMPATIBILITY_LEVELS.find((known) => known === String(given).toUpperCase());
    const kept = Object.fromEntries(Object.entries(json ?? {}).filter(([key]) => KEPT_CONFIG.includes(key)));
    // Without a level, other settings may still be changed; an unknown level, or nothing at all, is 42203.
    if (level === undefined && (given !== undefined || Object.keys(kept).length === 0)) {
      throw failures.invalidCompatibilityLevel();
    }
    const value: JsonObject = {
      ...this.state.config(subject),
      ...kept,
      ...(level === undefined ? {} : { compatibilityLevel: level }),
    };
    const answer = ok({ ...kept, ...(level === undefined ? {} : { compatibility: level }) });
    return { records: [{ keytype: 'CONFIG', subject, value }], answer };
  }

  private deleteConfig({ subject }: RoutedRequest): WritePlan {
    this.checkWritable(subject);
    const own = this.state.config(subject);
    if (own === undefined && subject !== null) throw failures.subjectNotFound(subject);
    return {
      records: [{ keytype: 'CONFIG', subject, value: null }],
      answer: ok(own ?? { compatibilityLevel: 'BACKWARD' }),
    };
  }

  private checkWritable(subject: string | null): void {
    const mode = this.state.effectiveMode(subject);
    if (mode === 'READONLY' || mode === 'READONLY_OVERRIDE') {
      throw failures.operationNotPermitted(
        `${subject === null ? 'The registry' : `Subject ${subject}`} is in read-only mode`,
      );
    }
  }

  /** Throws 42204, and 42205 or 42206 for an import into a scope that still has schemas, or soft-deleted ones that are referred to. */
  private putMode(request: RoutedRequest): WritePlan {
    if (!this.profile.hasModes) throw failures.methodNotAllowed();
    const { subject, body } = request;
    const json = parseJsonBody(body);
    const mode = REGISTRY_MODES.find((known) => isObject(json) && known === String(json['mode']).toUpperCase());
    if (mode === undefined) throw failures.invalidMode();
    const cleared = mode === 'IMPORT' && this.state.effectiveMode(subject) !== 'IMPORT' ? this.clear(request) : [];
    return { records: [...cleared, { keytype: 'MODE', subject, value: { mode } }], answer: ok({ mode }) };
  }

  /** What is soft-deleted makes room for what will be imported; a forced one leaves all as it is. */
  private clear(request: RoutedRequest): RegistryRecord[] {
    const { subject } = request;
    if (flag(request, 'force')) return [];
    const schemas = this.state
      .schemas({ deleted: true, subjectPrefix: subject ?? '' })
      .filter((schema) => isWithin(subject, schema.subject));
    if (schemas.some((schema) => !schema.deleted)) {
      const scope = subject === null ? 'the registry' : `${isContext(subject) ? 'context' : 'subject'} ${subject}`;
      throw failures.operationNotPermitted(`Cannot import since found existing schemas in ${scope}`);
    }
    for (const { subject: name, version } of schemas) {
      if (this.state.referencedBy(name, version).length > 0) throw failures.referenceExists(name, version);
    }
    if (schemas.length === 0) return [];
    return [
      ...schemas.map(
        ({ subject: name, version }): RegistryRecord => ({ keytype: 'SCHEMA', subject: name, version, value: null }),
      ),
      { keytype: 'CLEAR_SUBJECT', subject },
    ];
  }

  private deleteMode({ subject }: RoutedRequest): WritePlan {
    if (!this.profile.hasModes) throw failures.methodNotAllowed();
    const own: RegistryMode | undefined = this.state.mode(subject);
    if (own === undefined && subject !== null) throw failures.noSubjectMode(subject);
    return { records: [{ keytype: 'MODE', subject, value: null }], answer: ok({ mode: own ?? 'READWRITE' }) };
  }
}
