import fc from 'fast-check';
import { asLog, confluent, karapace } from './record-bytes.ts';
import { contextOf, type LivedRegistry, type LivedVersion, RegistryLife, type Scope } from './registry-life.ts';
import { typeOf } from './schema-texts.ts';

/** Names that people really give, and such as break tools. */
export const ODD_SUBJECTS: readonly string[] = [
  'orders-value',
  'orders-key',
  'com.example.Order',
  'ünïcødé-値-🙂',
  'folder/name',
  '100%25 sure',
  'a "quoted" \\ name',
  '../up',
  'CON.',
  ':.ctx:orders-value',
  ':.ctx:folder/ünï',
  ':.other-ctx:a:b',
];

const CONTEXTS: readonly Scope[] = [':.ctx:', ':.other-ctx:'];
const LEVELS = ['BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FULL_TRANSITIVE', 'NONE'];

type Happening = (life: RegistryLife) => void;

export interface GeneratedOptions {
  readonly vendor?: 'confluent' | 'karapace';
  /** 40 unless told. */
  readonly maxHappenings?: number;
  /** Without what only a topic can hold: keys of old Karapace, logs that were compacted, a schema that is alive twice in a subject. */
  readonly isPlain?: boolean;
  /** Without modes of its own at the end: an import into it has to be able to write. */
  readonly isWritable?: boolean;
}

const subjects = fc.constantFrom(...ODD_SUBJECTS);
const numbers = fc.nat({ max: 11 });
const picks = fc.nat({ max: 1_000 });

/** The `pick`-th, counted round and round. */
function picked<T>(from: readonly T[], pick: number): T | undefined {
  return from[pick % Math.max(1, from.length)];
}

const registering = fc
  .record({ subject: subjects, number: numbers, pick: fc.option(picks), tag: fc.option(fc.nat({ max: 2 })) })
  .map(
    ({ subject, number, pick, tag }): Happening =>
      (life) => {
        const fit = (v: LivedVersion): boolean => v.number < number && typeOf(v.number) === typeOf(number);
        const referred = pick === null ? undefined : picked(life.live(contextOf(subject)).filter(fit), pick);
        const hasMetadata = tag !== null && life.vendor === 'confluent';
        life.register(subject, number, {
          ...(referred === undefined ? {} : { referred }),
          ...(hasMetadata ? { metadata: { properties: { owner: `team-${tag}` } } } : {}),
        });
      },
  );

const toVersion = (act: (life: RegistryLife, version: LivedVersion) => void, isMeant: (v: LivedVersion) => boolean) =>
  picks.map(
    (pick): Happening =>
      (life) => {
        const version = picked(life.all.filter(isMeant), pick);
        if (version !== undefined) act(life, version);
      },
  );

const scopes = fc.oneof(subjects, fc.constantFrom(null, ...CONTEXTS));

const configuring = fc
  .record({ scope: scopes, level: fc.option(fc.constantFrom(...LEVELS)), normalize: fc.boolean() })
  .map(
    ({ scope, level, normalize }): Happening =>
      (life) => {
        const more = normalize && life.vendor === 'confluent' ? { normalize: true } : {};
        life.setConfig(scope, level === null ? null : { ...more, compatibilityLevel: level });
      },
  );

const mode = fc
  .record({ scope: scopes, mode: fc.option(fc.constantFrom('READWRITE', 'READONLY', 'READONLY_OVERRIDE')) })
  .map(
    ({ scope, mode }): Happening =>
      (life) =>
        life.setMode(scope, mode),
  );

const importing = fc
  .record({
    subject: subjects,
    schemas: fc.array(fc.record({ number: numbers, idsAhead: fc.integer({ min: 1, max: 1_000 }) }), { maxLength: 3 }),
  })
  .map(
    ({ subject, schemas }): Happening =>
      (life) =>
        life.import(subject, schemas),
  );

const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 12, arbitrary: registering },
  {
    weight: 2,
    arbitrary: toVersion(
      (life, v) => life.softDelete(v),
      (v) => !v.deleted,
    ),
  },
  {
    weight: 2,
    arbitrary: toVersion(
      (life, v) => life.undelete(v),
      (v) => v.deleted,
    ),
  },
  {
    weight: 2,
    arbitrary: toVersion(
      (life, v) => life.hardDelete(v),
      (v) => v.deleted,
    ),
  },
  {
    weight: 1,
    arbitrary: subjects.map(
      (s): Happening =>
        (life) =>
          life.softDeleteSubject(s),
    ),
  },
  { weight: 2, arbitrary: configuring },
  { weight: 1, arbitrary: importing },
  { weight: 1, arbitrary: fc.constant<Happening>((life) => life.noop()) },
);

/** A registry that lived, with the log that it would have left. Valid by construction. */
export function generatedRegistry(options: GeneratedOptions = {}): fc.Arbitrary<LivedRegistry> {
  const vendor =
    options.vendor === undefined
      ? fc.constantFrom('confluent' as const, 'karapace' as const)
      : fc.constant(options.vendor);
  const happenings = fc.array(happening, { maxLength: options.maxHappenings ?? 40, size: 'max' });
  // A registry that may not be written to writes nothing but modes: they come at the end.
  const modes = fc.array(mode, { maxLength: options.isWritable ? 0 : 3 });
  const quirk = options.isPlain ? fc.constant(false) : fc.boolean();
  return fc
    .record({ vendor, happenings, modes, isOld: quirk, compacted: quirk })
    .map(({ vendor, happenings, modes, isOld, compacted }) => {
      const isLegacy = (subject: string): boolean => isOld && vendor === 'karapace' && subject.startsWith('orders');
      const life = new RegistryLife({ vendor, isLegacy, isPlain: options.isPlain === true });
      life.noop();
      for (const happen of [...happenings, ...modes]) happen(life);
      return life.end({ compacted });
    });
}

/** One of which the highest id of each context is deleted for good half of the time. */
export function purgedRegistry(options: GeneratedOptions = {}): fc.Arbitrary<LivedRegistry> {
  return fc.tuple(generatedRegistry(options), fc.boolean()).map(([lived, purges]) => {
    const writer = lived.vendor === 'confluent' ? confluent : karapace;
    const isHighest = ({ id, subject }: LivedVersion): boolean => lived.maxIds.get(contextOf(subject)) === id;
    const highest = lived.versions.filter((version) => purges && isHighest(version));
    const gone = highest.map(({ subject, version }) => writer.gone(subject, version));
    return { ...lived, log: [...lived.log, ...asLog(gone, (lived.log.at(-1)?.offset ?? -1) + 1)] };
  });
}
