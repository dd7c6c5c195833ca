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

describe('Avro that some releases read', () => {
  const deep = `${'{"type":"array","items":'.repeat(20_000)}"int"${'}'.repeat(20_000)}`;

  it.each([
    [
      'comments, as Java takes them',
      '/* c */ {"type":"record", // x\n"name":"A","fields":[{"name":"a","type":"int","doc":"http://x /* y */"}]}',
    ],
    ['something behind its end', '{"type":"record","name":"A","fields":[]} x'],
    [
      'a name before it is defined',
      '{"type":"record","name":"A","namespace":"n","fields":[{"name":"b","type":["null",{"type":"array","items":"B"}]},{"name":"c","type":{"type":"record","name":"B","fields":[]}}]}',
    ],
    ['a default that is no symbol', '{"type":"enum","name":"E","symbols":["A"],"default":"Z"}'],
    ['a dot before a name', '{"type":"record","name":"A","fields":[{"name":"x","type":["null",".A"]}]}'],
    ['more depth than can be read here', deep],
  ])('with %s is left unjudged', (_what, text) => {
    expect(problemOf('AVRO', text)?.kind).toBe('unchecked');
  });

  it.each([
    ['a name that nothing defines', '{"type":"record","name":"A","fields":[{"name":"a","type":"B"}]}'],
    ['half a text', '{"type":"record","name":"A","fields":['],
    ['a comment alone', '/* {"type":"int"} */'],
  ])('with %s is not', (_what, text) => {
    expect(problemOf('AVRO', text)?.kind).toBe('unparsable');
  });

  it.each([
    ['a default of another type', '{"type":"record","name":"A","fields":[{"name":"a","type":"int","default":"x"}]}'],
    [
      'logical types that mean nothing',
      '[{"type":"bytes","logicalType":"decimal","precision":-1,"scale":"x"},{"type":"int","logicalType":5}]',
    ],
    [
      'aliases of any form',
      '{"type":"record","name":"A","aliases":"B","fields":[{"name":"a","aliases":["b c"],"type":"int"}]}',
    ],
  ])('with %s is sound to all', (_what, text) => {
    expect(problemOf('AVRO', text)).toBeUndefined();
  });
});

describe('JSON Schema', () => {
  it.each([
    ['a URN for its draft', '{"$schema":"urn:my"}', 'unknown-draft'],
    ['no draft at all', '{"$schema":""}', 'unknown-draft'],
    ['draft 3', '{"$schema":"http://json-schema.org/draft-03/schema#","required":true}', 'unknown-draft'],
    ['something behind its end', '{"type":"object"} x', 'unchecked'],
    ['more depth than can be read here', `${'{"not":'.repeat(20_000)}{}${'}'.repeat(20_000)}`, 'unchecked'],
    ['half a text', '{"type":', 'unparsable'],
    ['a list', '[]', 'unparsable'],
    ['a reference to a far place', '{"$ref":"http://nowhere.example/x.json#/a"}', undefined],
    ['a pattern of another language', '{"patternProperties":{"(?i)^x[[:alpha:]]++(":{"pattern":"(?i)["}}}', undefined],
    ['an id of the meta-schema', '{"$id":"http://json-schema.org/draft-07/schema#","type":"object"}', undefined],
  ])('with %s', (_what, text, kind) => {
    expect(problemOf('JSON', text)?.kind).toBe(kind);
  });
});

describe('Protobuf that its parser here does not know', () => {
  it.each([
    ['a group with options', 'message A { oneof o { group G = 1 [deprecated = true] { optional int32 a = 2; } } }'],
    [
      'a group in an extension',
      'message A { extensions 1 to 5; } extend A { repeated group G = 1 { required int32 x = 1; } }',
    ],
    ['a newer edition', 'edition = "2024"; import option "x.proto"; export message A { local enum E { Z = 0; } }'],
    ['statements in any order', 'message A { } import "google/protobuf/any.proto"; option a = "b"; package q;'],
    [
      'negative reserved numbers',
      'enum E { option allow_alias = true; reserved -3 to -1, "OLD"; A = 0; B = - 5 [(x).y = { a: [1, { b: <c: 2> }] }]; }',
    ],
    [
      'numbers of any form',
      'message A { optional float a = 0x1 [default = 1.f]; optional int32 b = 07 [default = - 5]; }',
    ],
    [
      'a type of the name of a word',
      'message stream { map<int32, .x.B> m = 1; optional stream t = 2; } service S { rpc X (stream stream) returns (stream) { option (o) = "a" "b"; ; }; }',
    ],
    ['a label that its syntax lacks', 'syntax = "proto3"; message A { required string s = 1; }'],
  ])('is left unjudged: %s', (_what, text) => {
    expect(problemOf('PROTOBUF', text)?.kind).toBe('unchecked');
  });

  it.each([
    ['a weak import that is not there', 'import weak "not/there.proto"; message A { }'],
    [
      'a type of Google that Karapace brings along',
      'syntax = "proto3"; message A { google.protobuf.Timestamp a = 1; }',
    ],
    [
      'an import that registries bring along',
      'import "google/type/date.proto"; message A { optional google.type.Date a = 1; }',
    ],
    [
      'what googleapis write',
      'syntax = "proto3"; package g.v1; import "google/api/annotations.proto"; service S { option (google.api.default_host) = "x.com"; rpc Get (stream G) returns (stream .g.v1.G) { option (google.api.http) = { get: "/v1/{name=a/*}" additional_bindings { post: "/x" body: "*" } }; } } message G { string name = 1 [(google.api.resource_reference) = { type: "x" }, (buf.validate.field).string = { pattern: "^[;}]$" }]; reserved 2, 15, 9 to 11; reserved "foo"; map<string, G> m = 3; }',
    ],
  ])('is sound: %s', (_what, text) => {
    expect(problemOf('PROTOBUF', text)).toBeUndefined();
  });

  it.each([
    ['a group without a number', 'message A { optional group G { } }'],
    ['an import that is missing, behind what is unknown', 'message A { } import "gone.proto";'],
    ['a comment that does not end', 'edition = "2024"; message A { /* }'],
    ['a text that does not end', 'edition = "2024"; message A { string a = 1 [default = "x]; }'],
    ['brackets that cross', 'edition = "2024"; message A { string a = 1 [(x) = { a: [ } ]]; }'],
    ['a body that does not end', 'edition = "2024"; message A { message B { }'],
    ['bytes of something else', 'edition = "2024"; message A { string \u0000a = 1; }'],
    ['a name twice', 'syntax = "proto3"; message A { string a = 1; string a = 2; }'],
    ['a number twice', 'syntax = "proto3"; message A { string a = 1; string b = 1; }'],
    ['a method without what it returns', 'edition = "2024"; service S { rpc A (B); }'],
    ['JSON', '{"type":"object"}'],
  ])('is damaged: %s', (_what, text) => {
    expect(problemOf('PROTOBUF', text)?.kind).toBe('unparsable');
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
