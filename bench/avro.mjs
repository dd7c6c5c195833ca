// The Avro converter as a whole (Struct in, framed bytes out, and back) against plain avsc on the same schema and values. Runs from dist, as users do.
import avro from 'avsc';
import { AvroConverter } from '../dist/src/converters/avro/avro-converter.js';
import { silentLogger } from '../dist/src/foundation/logger.js';
import { SchemaBuilder, Schemas, Struct, systemClock } from '../dist/src/sdk/index.js';

const RECORDS = 200_000;
const ROUNDS = 5;

const schema = SchemaBuilder.struct()
  .name('bench.Order')
  .field('id', Schemas.INT64)
  .field('customer', Schemas.STRING)
  .field('item', Schemas.STRING)
  .field('quantity', Schemas.INT32)
  .field('price', Schemas.FLOAT64)
  .field('discount', Schemas.OPTIONAL_FLOAT64)
  .field('paid', Schemas.BOOLEAN)
  .field('note', Schemas.OPTIONAL_STRING)
  .field('city', Schemas.STRING)
  .field('country', Schemas.STRING)
  .field('created', Schemas.INT64)
  .field('weight', Schemas.FLOAT32)
  .build();
const structs = Array.from({ length: 1000 }, (_, n) =>
  new Struct(schema)
    .put('id', BigInt(n) * 1_000_003n)
    .put('customer', `customer-${n}`)
    .put('item', `item number ${n % 97}`)
    .put('quantity', n % 10)
    .put('price', n * 1.25)
    .put('discount', n % 3 === 0 ? null : 0.1)
    .put('paid', n % 2 === 0)
    .put('note', n % 4 === 0 ? null : 'leave it at the door')
    .put('city', 'Hamburg')
    .put('country', 'DE')
    .put('created', 1_790_000_000_000n + BigInt(n))
    .put('weight', Math.fround(n / 3)),
);

/** A registry that knows everything at once, under the id 1. */
let registered = null;
let known = null;
const view = {
  registryId: 'bench',
  peek: (question) => {
    if (known === null) {
      registered = { id: 1, ...question.schema };
      known = { kind: 'known', schema: registered };
    }
    return known;
  },
  resolve: () => undefined,
  close: () => {},
};
const converter = new AvroConverter();
converter.configure(
  { 'schema.registry.url': 'http://127.0.0.1:1' },
  {
    converterType: 'value',
    logger: silentLogger,
    clock: systemClock,
    gates: { get: () => undefined },
    schemaView: () => view,
  },
);
const bytes = structs.map((struct) => converter.fromConnectData('orders', schema, struct));
const type = avro.Type.forSchema(JSON.parse(registered.schema));
const plain = bytes.map((framed) => type.decode(framed, 5).value);

const cases = {
  'encode, whole converter': () =>
    structs.forEach((struct) => void converter.fromConnectData('orders', schema, struct)),
  'encode, plain avsc toBuffer': () => plain.forEach((value) => void type.toBuffer(value)),
  'decode, whole converter': () => bytes.forEach((framed) => void converter.toConnectData('orders', framed)),
  'decode, plain avsc': () => bytes.forEach((framed) => void type.decode(framed, 5)),
};

const rates = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(cases)) {
    const startedAt = performance.now();
    for (let done = 0; done < RECORDS; done += structs.length) run();
    // The first round warms up.
    if (round > 0) rates[name].push(RECORDS / (performance.now() - startedAt));
  }
}
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.log(
  `| Avro, 12 fields, ${bytes[1].length} bytes framed | k records/s, median of ${ROUNDS} | share of plain avsc |`,
);
console.log('|---|---|---|');
for (const direction of ['encode', 'decode']) {
  const [whole, avsc] = Object.keys(cases).filter((name) => name.startsWith(direction));
  const [ours, theirs] = [median(rates[whole]), median(rates[avsc])];
  console.log(`| ${whole} | ${ours.toFixed(0)} | ${(ours / theirs).toFixed(2)} |`);
  console.log(`| ${avsc} | ${theirs.toFixed(0)} | 1.00 |`);
}
