import type { KeyedBytes } from '../../support/topic-content.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

/** Good and bad by turns, for whichever converter reads them. */
export const badRecords: readonly KeyedBytes[] = [
  { key: bytes('k0'), value: bytes('{"good":true}') },
  { key: bytes('k1'), value: bytes('{bad') },
  { key: null, value: bytes('not json'), headers: [{ key: 'own', value: bytes('header') }] },
  { key: bytes('k3'), value: null },
  {
    key: bytes('k4'),
    value: Uint8Array.of(0xff, 0x00),
    headers: [
      { key: 'twice', value: bytes('1') },
      { key: 'twice', value: null },
    ],
  },
  { key: bytes('k5'), value: bytes('[1,2]') },
];

const json = { 'value.converter': 'org.apache.kafka.connect.json.JsonConverter' };

/** Settings of a sink whose dead letters are compared. */
export const deadLetters: readonly { readonly name: string; readonly settings: Readonly<Record<string, string>> }[] = [
  { name: 'dlq-json', settings: { ...json, 'value.converter.schemas.enable': 'false' } },
  { name: 'dlq-json-schemas', settings: json },
  { name: 'dlq-long-keys', settings: { 'key.converter': 'org.apache.kafka.connect.converters.LongConverter' } },
  {
    name: 'dlq-smt',
    settings: {
      transforms: 'x',
      'transforms.x.type': 'org.apache.kafka.connect.transforms.ExtractField$Value',
      'transforms.x.field': 'nope',
    },
  },
  { name: 'dlq-errant', settings: { mode: 'errant' } },
  { name: 'dlq-no-tolerance', settings: { ...json, 'errors.tolerance': 'none' } },
  {
    name: 'dlq-without-context',
    settings: { ...json, 'errors.deadletterqueue.context.headers.enable': 'false' },
  },
];
