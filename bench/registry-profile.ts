/**
 * `npm run bench:registry-profile`: what the registry layer costs per record when every schema is known. The Avro converter over the real
 * view, gates and coordinator, against the same converter over a view that is a bare map; in one process, rounds taking turns.
 * BENCH_RECORDS (200,000) is how many records a round has.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { AvroConverter } from '../src/converters/avro/avro-converter.ts';
import { systemClock } from '../src/foundation/clock.ts';
import { silentLogger } from '../src/foundation/logger.ts';
import { GateBook } from '../src/registry/gate-book.ts';
import { RegistryCoordinator } from '../src/registry/registry-coordinator.ts';
import { RegistryHost } from '../src/registry/registry-host.ts';
import type { Converter, ConverterContext, RawRecord } from '../src/sdk/converter.ts';
import { type Schema, SchemaBuilder, Schemas, Struct } from '../src/sdk/data/index.ts';
import { SourceRecord } from '../src/sdk/record/index.ts';
import type { SchemaAnswer, SchemaView } from '../src/sdk/schema-view.ts';
import { ScriptedRegistry } from '../src/testing/index.ts';

const RECORDS = Number(process.env['BENCH_RECORDS'] ?? 200_000);
const BATCH = 500;
const ROUNDS = 11;
const signal = new AbortController().signal;

const registry = await ScriptedRegistry.start({ nodes: 2 });
const gates = new GateBook({ clock: systemClock });
const coordinator = new RegistryCoordinator({ clock: systemClock, logger: silentLogger, gates, store: null });
const host = new RegistryHost({ clock: systemClock, ask: (message) => coordinator.serve(message) });
gates.onSnapshot((snapshot) => host.gateChanged(snapshot));

function converterOver(schemaView: ConverterContext['schemaView']): Converter {
  const converter = new AvroConverter();
  const context = {
    converterType: 'value',
    logger: silentLogger,
    clock: systemClock,
    gates: host.gates,
    schemaView,
  } as const;
  converter.configure({ 'schema.registry.url': registry.urls.join(',') }, context);
  return converter;
}

/** Answers from a map that is filled by the real view beforehand, and does nothing else. */
function bareView(real: SchemaView): SchemaView {
  const answers = new Map<string, SchemaAnswer>();
  return {
    registryId: real.registryId,
    peek: (question) => answers.get(question.key) ?? { kind: 'unasked' },
    resolve: (questions, abort) => {
      const lacking = questions.filter(({ key }) => !answers.has(key));
      if (lacking.length === 0) return undefined;
      return Promise.resolve(real.resolve(lacking, abort)).then(() => {
        for (const question of lacking) {
          const answer = real.peek(question);
          if (answer.kind === 'known') answers.set(question.key, answer);
        }
      });
    },
    close: () => real.close(),
  };
}

const schema: Schema = SchemaBuilder.struct()
  .name('bench.Order')
  .field('id', Schemas.INT64)
  .field('customer', Schemas.STRING)
  .field('note', Schemas.OPTIONAL_STRING)
  .build();
const values = Array.from({ length: BATCH }, (_, n) =>
  new Struct(schema)
    .put('id', BigInt(n))
    .put('customer', `customer ${n}`)
    .put('note', n % 2 === 0 ? 'a note' : null),
);
const records = values.map(
  (value) =>
    new SourceRecord({
      sourcePartition: {},
      sourceOffset: {},
      topic: 'bench',
      keySchema: null,
      key: null,
      valueSchema: schema,
      value,
    }),
);

async function write(converter: Converter): Promise<Uint8Array[]> {
  await converter.prepareFromConnectData?.(records, signal);
  return values.map((value) => converter.fromConnectData('bench', schema, value) ?? new Uint8Array());
}

async function read(converter: Converter, raw: readonly RawRecord[]): Promise<void> {
  await converter.prepareToConnectData?.(raw, signal);
  for (const { value } of raw) converter.toConnectData('bench', value);
}

/** ns per record of one round. */
async function timed(run: () => Promise<unknown>): Promise<number> {
  const begun = process.hrtime.bigint();
  for (let done = 0; done < RECORDS; done += BATCH) await run();
  return Number(process.hrtime.bigint() - begun) / RECORDS;
}

const real = converterOver((config) => host.schemaView(config));
const bare = converterOver((config) => bareView(host.schemaView(config)));
// Until the registry has answered: a view is patient for a tenth of a second only.
const warm = async (converter: Converter): Promise<Uint8Array[]> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write(converter);
    } catch (error) {
      if (attempt > 100) throw error;
      await systemClock.sleep(50);
    }
  }
};
const raw = (await warm(real)).map((value): RawRecord => ({ topic: 'bench', key: null, value }));
await warm(bare);
for (const converter of [real, bare]) {
  for (let attempt = 0; attempt < 20; attempt++) {
    await read(converter, raw).catch(() => systemClock.sleep(50));
  }
}

const cases: Readonly<Record<string, (converter: Converter) => () => Promise<unknown>>> = {
  write: (converter) => () => write(converter),
  read: (converter) => () => read(converter, raw),
};
const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const rows: string[] = [];
for (const [name, of] of Object.entries(cases)) {
  const took = { real: [] as number[], bare: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    took.real.push(await timed(of(real)));
    took.bare.push(await timed(of(bare)));
  }
  const [a, b] = [median(took.real), median(took.bare)];
  const row = `| ${name} | ${a.toFixed(0)} ns | ${b.toFixed(0)} ns | ${(a - b).toFixed(0)} ns |`;
  rows.push(row);
  console.log(row);
}
// What an acknowledged batch costs while its id is to be looked at once more.
const partitions = new Int32Array(BATCH);
const offsets = Float64Array.from({ length: BATCH }, (_, n) => n);
const isYoung = real.tracksWritten?.() === true;
const told: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  told.push(
    await timed(async () => {
      if (real.tracksWritten?.() === true) real.written?.(raw, partitions, offsets);
    }),
  );
}
const afterwards = `| offsets of records with ${isYoung ? 'a young' : 'no young'} id | ${median(told).toFixed(0)} ns | 0 ns | ${median(told).toFixed(0)} ns |`;
rows.push(afterwards);
console.log(afterwards);
real.close?.();
bare.close?.();
await coordinator.close();
await registry.stop();

const lines = [
  "# The registry layer's own cost per record, everything known",
  '',
  `\`npm run bench:registry-profile\`, ${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}: ${RECORDS.toLocaleString('en-US')} records of three fields a round, batches of ${BATCH}, median of ${ROUNDS} rounds that take turns.`,
  '',
  '| | with the view of the worker | with a bare map | difference |',
  '|---|---|---|---|',
  ...rows,
  '',
];
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/registry-profile.md', lines.join('\n'));
