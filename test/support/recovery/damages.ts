/**
 * Every kind of damage of specs/registry.md, chapter 5, that records can do to a registry: what somebody has produced to its topic, by what
 * name `verify` has to find it, and which repair mends it.
 */
import type { RawRecord } from '../../../src/recovery/records/raw-record.ts';
import { bytesOf, confluent, legacySchemaKey, record, schemaKey, type WrittenRecord } from './record-bytes.ts';
import { contextOf, type LivedRegistry, type LivedVersion } from './registry-life.ts';

export interface Damage {
  /** In words, for the name of a test. */
  readonly what: string;
  /** The name of the finding. */
  readonly finding: string;
  /** What is appended to the log; undefined: this registry has nothing that could be hurt so. */
  readonly inject: (lived: LivedRegistry) => readonly WrittenRecord[] | undefined;
  /** Arguments of `holdfast schemas repair`; all undamaged content is as it was afterwards. */
  readonly repair: readonly string[];
  /** What was appended is right, but for where it lies: it is served once that is mended. */
  readonly keepsInjected?: true;
  /** What was appended has to be named by its offsets, too: no backup has what it lacks. */
  readonly dropsOffsets?: true;
}

const value = (more: object): string =>
  JSON.stringify({ subject: 'damaged', version: 1, id: 999_001, schema: '"string"', deleted: false, ...more });

/** The first live version of the default context that another key or id can be made of. */
function someVersion({ versions }: LivedRegistry): LivedVersion | undefined {
  return versions.find(({ deleted, subject }) => !deleted && contextOf(subject) === '');
}

const CORRUPT = ['corrupt-records'];
/** One vendor reads them, so that they are left out only when it is asked for. */
const DOUBTFUL = [...CORRUPT, '--drop-doubtful'];

export const DAMAGES: readonly Damage[] = [
  {
    what: 'a key that is not JSON',
    finding: 'key-not-json',
    repair: CORRUPT,
    inject: () => [record('orders', value({}))],
  },
  { what: 'no key at all', finding: 'null-key', repair: CORRUPT, inject: () => [record(null, value({}))] },
  {
    what: 'a value that is not JSON, under a key of its own',
    finding: 'value-not-json',
    repair: CORRUPT,
    inject: () => [record(schemaKey('damaged', 1), '{"subject":"damaged",')],
  },
  {
    what: 'a value that is not JSON, in place of a schema',
    finding: 'value-not-json',
    repair: CORRUPT,
    inject: (lived) => {
      const version = someVersion(lived);
      return version && [{ ...record(null, 'gone\0'), key: keyOf(version, lived.log) }];
    },
  },
  {
    what: 'a keytype that nobody knows',
    finding: 'unknown-keytype',
    repair: CORRUPT,
    inject: () => [record('{"keytype":"SCHEMATA","subject":"damaged","version":1,"magic":1}', value({}))],
  },
  {
    what: 'a magic that nobody knows',
    finding: 'unsupported-magic',
    repair: DOUBTFUL,
    inject: () => [record('{"keytype":"SCHEMA","subject":"damaged","version":1,"magic":7}', value({}))],
  },
  {
    what: 'a SCHEMA key without a version',
    finding: 'incomplete-key',
    repair: CORRUPT,
    inject: () => [record('{"keytype":"SCHEMA","subject":"damaged","magic":1}', value({}))],
  },
  {
    what: 'a SCHEMA value without a text',
    finding: 'incomplete-value',
    repair: CORRUPT,
    inject: () => [record(schemaKey('damaged', 1), '{"subject":"damaged","version":1,"id":999001,"deleted":false}')],
  },
  {
    what: 'a value of another subject than its key',
    finding: 'key-value-mismatch',
    repair: DOUBTFUL,
    inject: () => [record(schemaKey('damaged', 1), value({ subject: 'other' }))],
  },
  {
    what: 'a schema that is no Avro',
    finding: 'unparsable-schema',
    repair: [...CORRUPT, '--drop-unparsable'],
    inject: () => [record(schemaKey('damaged', 1), value({ schema: '{"type":"recrod"}' }))],
  },
  {
    what: 'two schemas with one id',
    finding: 'duplicate-id',
    repair: ['duplicate-ids', '--give-new-id', 'damaged:1'],
    inject: (lived) => {
      const version = someVersion(lived);
      return version && [record(schemaKey('damaged', 1), value({ id: version.id, schema: '"bytes"' }))];
    },
  },
  {
    what: 'a reference to a subject that is not there',
    finding: 'dangling-reference',
    repair: CORRUPT,
    dropsOffsets: true,
    inject: () => [
      confluent.schema({
        subject: 'damaged',
        version: 1,
        id: 999_001,
        schema: '{"type":"record","name":"D","fields":[{"name":"x","type":"gone.X"}]}',
        references: [{ name: 'gone.X', subject: 'gone', version: 3 }],
      }),
    ],
  },
  {
    what: 'references in a circle',
    finding: 'cyclic-reference',
    repair: CORRUPT,
    dropsOffsets: true,
    inject: () =>
      ['a', 'b'].map((name, n) => {
        const other = name === 'a' ? 'b' : 'a';
        return confluent.schema({
          subject: `circle-${name}`,
          version: 1,
          id: 999_001 + n,
          schemaType: 'PROTOBUF',
          schema: `syntax = "proto3";\n\nimport "${other}.proto";\n\nmessage ${name.toUpperCase()} {\n  string text = 1;\n}\n`,
          references: [{ name: `${other}.proto`, subject: `circle-${other}`, version: 1 }],
        });
      }),
  },
  {
    what: 'a version under two encodings of its key',
    finding: 'two-keys',
    repair: ['re-key'],
    inject: (lived) => {
      const version = someVersion(lived);
      const written = version && lastOf(version, lived.log);
      // Not what an old Karapace wrote of itself: that registry has no second encoding then.
      if (version === undefined || written === undefined) return undefined;
      if (!Buffer.from(written.key ?? []).equals(bytesOf(schemaKey(version.subject, version.version))))
        return undefined;
      return [{ ...written, key: bytesOf(legacySchemaKey(version.subject, version.version)) }];
    },
  },
  {
    what: 'schemas before what they refer to',
    finding: 'reference-before-target',
    repair: ['reference-order'],
    keepsInjected: true,
    inject: () => {
      const fixed = '{"type":"fixed","name":"F","size":1}';
      const list = (of: string): string => `{"type":"record","name":"L${of}","fields":[{"name":"x","type":"${of}"}]}`;
      const refers = (name: string, version: number) => [{ name, subject: 'damaged', version }];
      return [
        confluent.schema({
          subject: 'damaged',
          version: 3,
          id: 999_003,
          schema: list('LF'),
          references: refers('LF', 2),
        }),
        confluent.schema({
          subject: 'damaged',
          version: 2,
          id: 999_002,
          schema: list('F'),
          references: refers('F', 1),
        }),
        confluent.schema({ subject: 'damaged', version: 1, id: 999_001, schema: fixed }),
      ];
    },
  },
  {
    what: 'a delete that is empty and not null',
    finding: 'empty-delete',
    repair: ['tombstone-empty'],
    inject: () => [
      record(schemaKey('damaged', 1), value({ deleted: true })),
      { ...record(schemaKey('damaged', 1), null), value: new Uint8Array(0) },
    ],
  },
];

/** What looks like any other record: only a backup, or a registry that has not read it yet, tells that it is a damage. */
export interface QuietDamage {
  readonly what: string;
  readonly inject: (lived: LivedRegistry) => QuietlyInjected | undefined;
}

export interface QuietlyInjected {
  readonly records: readonly WrittenRecord[];
  /** What is brought back with `repair undelete`; absent: all there was is there, and there is nothing to mend. */
  readonly lost?: Pick<LivedVersion, 'subject' | 'version'>;
}

/** Ids of specs/registry.md, chapter 5: published by hand, and what registries gave out next. */
export const PUBLISHED_ID = 147_133;

export const QUIET_DAMAGES: readonly QuietDamage[] = [
  {
    what: 'null on the key of the newest version of a subject',
    inject: (lived) => {
      const live = lived.versions.filter(({ deleted }) => !deleted);
      const newest = live.findLast(({ subject }) => subject === live[0]?.subject);
      return newest && { records: [{ ...record(null, null), key: keyOf(newest, lived.log) }], lost: newest };
    },
  },
  {
    what: 'null on the key of the version with the highest id',
    inject: (lived) => {
      const live = lived.versions.filter(({ deleted, subject }) => !deleted && contextOf(subject) === '');
      const highest = live.reduce<LivedVersion | undefined>(
        (a, b) => (a === undefined || b.id > a.id ? b : a),
        undefined,
      );
      return highest && { records: [{ ...record(null, null), key: keyOf(highest, lived.log) }], lost: highest };
    },
  },
  {
    what: 'a high id that was published directly',
    inject: () => ({
      records: [confluent.schema({ subject: 'damaged', version: 1, id: PUBLISHED_ID, schema: '"string"' })],
    }),
  },
  {
    what: 'a high id that was published directly, and is gone again',
    inject: () => ({
      records: [
        confluent.schema({ subject: 'damaged', version: 1, id: PUBLISHED_ID, schema: '"string"' }),
        confluent.gone('damaged', 1),
      ],
    }),
  },
];

/** The bytes of the key under which the version was written last. */
function keyOf(version: LivedVersion, log: readonly RawRecord[]): Uint8Array | null {
  return lastOf(version, log)?.key ?? null;
}

function lastOf({ subject, version }: LivedVersion, log: readonly RawRecord[]): RawRecord | undefined {
  return log.findLast(({ key }) => {
    const json = JSON.parse(Buffer.from(key ?? []).toString('utf8')) as Record<string, unknown>;
    return json['keytype'] === 'SCHEMA' && json['subject'] === subject && json['version'] === version;
  });
}
