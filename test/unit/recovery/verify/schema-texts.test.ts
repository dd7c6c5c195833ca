/** Texts that registries take, and what is no schema to them: verify must call neither by the other's name, as a repair leaves out what does not parse. */
import { describe, expect, it } from 'vitest';
import { NO_TEXTS, SchemaTexts } from '../../../../src/recovery/verify/schema-texts.ts';

const problemOf = (type: string, text: string) => new SchemaTexts().problemOf(type, text, NO_TEXTS);

describe('Avro, as Java reads it', () => {
  // Tried with org.apache.avro:avro 1.11.4 and 1.12.0: the one looks at no namespace, the other takes an equal enum or fixed twice.
  it.each([
    ['a namespace of a host', '{"type":"record","name":"A","namespace":"my-server.db","fields":[]}'],
    ['a part of a namespace that begins with a digit', '{"type":"record","name":"A","namespace":"x.1y","fields":[]}'],
    ['a namespace in the name', '{"type":"record","name":"a-b.A","fields":[{"name":"n","type":["null","A"]}]}'],
    ['no namespace before the dot', '{"type":"record","name":".A","fields":[]}'],
    [
      'letters of any language',
      '{"type":"record","name":"Ünï","fields":[{"name":"値١","type":{"type":"enum","name":"E","symbols":["Ä"]}}]}',
    ],
    [
      'one enum twice',
      '{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["X"]}},{"name":"b","type":{"type":"enum","name":"E","symbols":["X"]}}]}',
    ],
  ])('takes %s', (_what, text) => {
    expect(problemOf('AVRO', text)).toBeUndefined();
  });

  it.each([
    ['a name of a host', '{"type":"record","name":"a-b","fields":[]}'],
    ['a currency in a name', '{"type":"record","name":"A$B","fields":[]}'],
    ['a letter beyond 16 bits', '{"type":"record","name":"𝐀","fields":[]}'],
    ['a field with a dash', '{"type":"record","name":"A","fields":[{"name":"a-b","type":"int"}]}'],
    [
      'two enums of a name',
      '{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"enum","name":"E","symbols":["X"]}},{"name":"b","type":{"type":"enum","name":"E","symbols":["Y"]}}]}',
    ],
    [
      'one record twice',
      '{"type":"record","name":"A","fields":[{"name":"a","type":{"type":"record","name":"B","fields":[]}},{"name":"b","type":{"type":"record","name":"B","fields":[]}}]}',
    ],
  ])('does not take %s', (_what, text) => {
    expect(problemOf('AVRO', text)?.kind).toBe('unparsable');
  });
});

describe('Protobuf, as registries write it', () => {
  it.each([
    [
      "what Kafka Connect's converter says of a field",
      'syntax = "proto3";\nimport "confluent/meta.proto";\nmessage A {\n  string a = 1 [(confluent.field_meta) = {\n    doc: "a } \\" {",\n    params: [\n      {\n        key: "scale",\n        value: "2"\n      }\n    ]\n  }, deprecated = true];\n  option (confluent.message_meta) = { tags: ["PII"], params: [{ key: \'x}\', value: "y" /* } */ }] };\n}',
    ],
    [
      'semicolons that end nothing',
      'syntax = "proto3";;\nmessage A { enum E { Z = 0;; }; E e = 1; };\nservice S { rpc C (A) returns (A) {}; };',
    ],
    [
      'braces in comments and texts',
      "syntax = 'proto2'; // = {\nmessage A { optional string a = 1 [default = '= {']; /* ;; */ }",
    ],
  ])('may have %s', (_what, text) => {
    expect(problemOf('PROTOBUF', text)).toBeUndefined();
  });

  it.each([
    ['an option that does not end', 'syntax = "proto3"; message A { option (x) = { a: [{ }; }'],
    ['a field without a number', 'syntax = "proto3"; message A { string a = { }; }'],
    ['a message that does not end', 'syntax = "proto3"; message A { string a = 1;'],
  ])('may not have %s', (_what, text) => {
    expect(problemOf('PROTOBUF', text)?.kind).toBe('unparsable');
  });

  it('is told by the line where it is wrong, whatever options are before it', () => {
    const text = 'syntax = "proto3";\nmessage A {\n  option (x) = {\n    a: [{ b: 1 }]\n  };\n  string = 1;\n}';
    expect(problemOf('PROTOBUF', text)).toMatchObject({ reason: expect.stringMatching(/line 6/) });
  });
});
