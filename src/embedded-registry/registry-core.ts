/**
 * A registry without ports, clocks or neighbours: records in, requests in, answers out. A node of the embedded registry and
 * one of the `ScriptedRegistry` are this, plus a topic, a network and an election.
 */
import { type CompatibilityRequest, compatibilityAnswer } from './compatibility-check.ts';
import { failures, ok, type RegistryAnswer, RegistryFailure } from './registry-answer.ts';
import type { RegistryRecord } from './registry-record.ts';
import { RegistryState, type Rollback } from './registry-state.ts';
import { type RegistryOperation, type RegistryRequest, type RoutedRequest, routeRequest } from './routes.ts';
import { SchemaDeletes } from './schema-deletes.ts';
import { SchemaReads } from './schema-reads.ts';
import { SchemaRegistration } from './schema-registration.ts';
import { SettingOperations } from './setting-operations.ts';
import { type RegistryVendor, type VendorProfile, vendorProfiles } from './vendor-profile.ts';

/** What a request comes to on one node. */
export type Evaluation =
  | { readonly kind: 'answer'; readonly operation: RegistryOperation | 'unknown'; readonly answer: RegistryAnswer }
  /** A replica can't say: the primary has to be asked. */
  | { readonly kind: 'forward'; readonly operation: RegistryOperation }
  /** The records have to be in the topic, and read back, before the answer is given. */
  | {
      readonly kind: 'write';
      readonly operation: RegistryOperation;
      readonly records: readonly RegistryRecord[];
      readonly answer: RegistryAnswer;
    }
  /** Only the node itself knows: `health` and `master-available`. */
  | { readonly kind: 'node'; readonly operation: RegistryOperation };

export interface RegistryCoreOptions {
  readonly vendor?: RegistryVendor;
  /** The Kafka cluster's id, for `/v1/metadata/id`. */
  readonly kafkaClusterId: string;
  /** The group that the nodes elect their primary in. */
  readonly groupId?: string;
  /** Largest schema text in bytes; a bigger one is 42209. */
  readonly maxSchemaBytes?: number;
}

/**
 * Guarantees: `evaluate` changes nothing and never throws; only `apply` changes what is known. The same records in the same
 * order give the same answers.
 */
export class RegistryCore {
  readonly profile: VendorProfile;
  readonly state: RegistryState;
  private readonly options: RegistryCoreOptions;
  private readonly reads: SchemaReads;
  private readonly registration: SchemaRegistration;
  private readonly deletes: SchemaDeletes;
  private readonly settings: SettingOperations;

  constructor(options: RegistryCoreOptions) {
    this.options = options;
    this.profile = vendorProfiles[options.vendor ?? 'confluent'];
    this.state = new RegistryState(this.profile);
    this.reads = new SchemaReads({ state: this.state });
    this.registration = new SchemaRegistration({
      state: this.state,
      profile: this.profile,
      maxSchemaBytes: options.maxSchemaBytes ?? 1_000_000,
    });
    this.deletes = new SchemaDeletes({ state: this.state });
    this.settings = new SettingOperations({ state: this.state, profile: this.profile });
  }

  /** Takes a record of the topic in. Returns what the primary has to write to undo it, if it contradicts an earlier one. */
  apply(record: RegistryRecord): Rollback | undefined {
    return this.state.apply(record);
  }

  /** `role` replica: what only the primary may decide comes back as `forward`. */
  evaluate(request: RegistryRequest, role: 'primary' | 'replica'): Evaluation {
    let operation: RegistryOperation | 'unknown' = 'unknown';
    try {
      const routed = routeRequest(request);
      operation = routed.operation;
      return this.perform(routed, role);
    } catch (error) {
      if (!(error instanceof RegistryFailure)) throw error;
      return { kind: 'answer', operation, answer: error.answer };
    }
  }

  private perform(request: RoutedRequest, role: 'primary' | 'replica'): Evaluation {
    const { operation } = request;
    const answer = (body: unknown): Evaluation => ({ kind: 'answer', operation, answer: ok(body) });
    switch (operation) {
      case 'root':
        return answer({});
      case 'cluster-id':
        return answer(this.clusterId());
      case 'server-version':
        return answer({ version: 'holdfast-embedded', commitId: '' });
      case 'health':
      case 'master-available':
        if (!this.profile.hasHealth) throw failures.notFound();
        return { kind: 'node', operation };
      case 'register': {
        const known = this.registration.known(request);
        if (known !== undefined) return answer(known);
        if (role === 'replica') return { kind: 'forward', operation };
        return { kind: 'write', operation, ...this.registration.plan(request) };
      }
      case 'lookup':
        return answer(this.registration.lookup(request));
      case 'compatibility': {
        const checked: CompatibilityRequest = this.registration.contentToCheck(request);
        return answer(compatibilityAnswer(this.state, request, checked));
      }
      case 'subject-delete':
      case 'version-delete':
        if (role === 'replica') return { kind: 'forward', operation };
        return {
          kind: 'write',
          operation,
          ...(operation === 'subject-delete' ? this.deletes.subject(request) : this.deletes.version(request)),
        };
      case 'config-put':
      case 'config-delete':
      case 'mode-put':
      case 'mode-delete': {
        const plan = this.settings.plan(request);
        return role === 'replica' ? { kind: 'forward', operation } : { kind: 'write', operation, ...plan };
      }
      case 'config':
        return answer(this.settings.config(request));
      case 'mode':
        return answer(this.settings.mode(request));
      default:
        return answer(this.reads.read(request));
    }
  }

  private clusterId(): unknown {
    const clusters = {
      'kafka-cluster': this.options.kafkaClusterId,
      'schema-registry-cluster': this.options.groupId ?? 'schema-registry',
    };
    return { scope: { path: [], clusters } };
  }
}
