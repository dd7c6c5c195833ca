import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { MemoryCompactedLog } from '../../../src/registry/compacted-log.ts';
import { RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import { type Content, type ContentNews, SchemaContents } from '../../../src/registry/schema-contents.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import type { SchemaText } from '../../../src/sdk/schema-view.ts';

const NODE = 'http://a:1';
const text = (schema: string, schemaType: SchemaText['schemaType'] = 'AVRO'): SchemaText => ({
  schemaType,
  schema,
  references: [],
});
const news = (id: number, schema: SchemaText, more: Partial<ContentNews> = {}): ContentNews => ({
  id,
  text: schema,
  subject: undefined,
  node: NODE,
  sent: null,
  ...more,
});
const store = () => SchemaStore.open({ log: new MemoryCompactedLog(), logger: silentLogger });
const contentsOf = (options: { readonly store?: SchemaStore | null; readonly maxEntries?: number } = {}) => {
  const clock = new ManualClock({ startMs: 77 });
  const kept = options.store ?? null;
  const identity = new ClusterIdentity({ nodes: [NODE], store: kept });
  const { maxEntries = 10 } = options;
  return new SchemaContents({ clock, store: kept, identity, epoch: () => 'e1', maxEntries });
};
const refused = (act: () => void): string => {
  try {
    act();
    return 'taken';
  } catch (error) {
    if (!(error instanceof RegistryIntegrityError)) throw error;
    return error.code;
  }
};
const CHANGED = 'holdfast.registry.content-changed';

describe('the content of an id', () => {
  it('is kept as the registry gave it, and nothing that came with it', () => {
    const contents = contentsOf();
    const withMore = { ...text('"int"'), id: 1, maxId: 5 };
    contents.learn(news(1, withMore));
    expect(contents.at({ context: '', id: 1 })).toMatchObject({ text: text('"int"'), sent: null });
    expect(Object.keys(contents.at({ context: '', id: 1 })?.text ?? {})).toEqual([
      'schemaType',
      'schema',
      'references',
    ]);
    expect(contents.at({ context: '', id: 2 })).toBeUndefined();
  });

  it('counts in the context of its subject', () => {
    const contents = contentsOf();
    contents.learn(news(1, text('"int"')));
    contents.learn(news(1, text('"long"'), { subject: ':.other:s' }));
    expect(contents.at({ context: '', id: 1 })?.text.schema).toBe('"int"');
    expect(contents.at({ context: 'other', id: 1 })?.text.schema).toBe('"long"');
    expect(contents.ids()).toEqual([
      { context: '', id: 1 },
      { context: 'other', id: 1 },
    ]);
  });

  it('invariant 6: is never overwritten by another, in memory or in the store', async () => {
    const kept = await store();
    const contents = contentsOf({ store: kept });
    contents.learn(news(1, text('"int"')));
    expect(refused(() => contents.learn(news(1, text('"long"'))))).toBe(CHANGED);
    expect(contents.at({ context: '', id: 1 })?.text.schema).toBe('"int"');
    expect(kept.schema('unidentified:http://a:1', '', 1)?.schema).toBe('"int"');
    const later = contentsOf({ store: kept });
    expect(refused(() => later.learn(news(1, text('"long"'))))).toBe(CHANGED);
    expect(later.at({ context: '', id: 1 })?.text.schema).toBe('"int"');
  });

  it('stays as it was first given when it comes again in another form', () => {
    const contents = contentsOf();
    contents.learn(news(1, text('"int"')));
    contents.learn(news(1, text('{"type":"int"}')));
    expect(contents.at({ context: '', id: 1 })?.text.schema).toBe('"int"');
  });

  it('is stored with who vouched for it, when and how', async () => {
    const kept = await store();
    const contents = contentsOf({ store: kept });
    contents.learn(news(1, text('"int"'), { sent: { normalize: false } }));
    expect(kept.schema('unidentified:http://a:1', '', 1)).toMatchObject({ sent: true, time: 77, epoch: 'e1' });
    contents.learn(news(1, text(' "int"')));
    expect(kept.schema('unidentified:http://a:1', '', 1)).toMatchObject({ sent: false, schema: ' "int"' });
  });

  it('that was sent gives way to what the registry made of it, and never the other way round', () => {
    const contents = contentsOf();
    const sent = { normalize: false };
    contents.learn(news(1, text('{"type":"int"}'), { sent }));
    expect(contents.at({ context: '', id: 1 })?.sent).toEqual(sent);
    contents.learn(news(1, text(' "int" '), { sent }));
    expect(contents.at({ context: '', id: 1 })?.text.schema).toBe('{"type":"int"}');
    contents.learn(news(1, text('"int"')));
    expect(contents.at({ context: '', id: 1 })).toMatchObject({ text: text('"int"'), sent: null });
    contents.learn(news(1, text('{"type":"int"}'), { sent }));
    expect(contents.at({ context: '', id: 1 })).toMatchObject({ text: text('"int"'), sent: null });
  });

  it('is bounded in memory, where what was used longest ago goes, and found in the store then', async () => {
    const kept = await store();
    const bounded = contentsOf({ maxEntries: 2 });
    const stored = contentsOf({ maxEntries: 2, store: kept });
    for (const contents of [bounded, stored]) {
      for (const id of [1, 2]) contents.learn(news(id, text('"int"')));
      contents.learn(news(1, text('"int"')));
      contents.learn(news(3, text('"int"')));
      expect(contents.ids().map(({ id }) => id)).toEqual([1, 3]);
      expect(contents.size).toBe(2);
    }
    expect(bounded.at({ context: '', id: 2 })).toBeUndefined();
    expect(stored.at({ context: '', id: 2 })?.text.schema).toBe('"int"');
  });
});

describe('what is compared', () => {
  const form = (schemaType: SchemaText['schemaType'], one: boolean) =>
    text(
      schemaType === 'PROTOBUF' ? `message M { int32 ${one ? 'a' : 'b'} = 1; }` : one ? '"int"' : '"long"',
      schemaType,
    );
  const [read, plain, normal] = [null, { normalize: false }, { normalize: true }];

  // What was there, what comes, and the types for which other content is noticed.
  it.each<[Content['sent'], Content['sent'], readonly string[]]>([
    [read, read, ['AVRO', 'JSON', 'PROTOBUF']],
    [plain, read, ['AVRO', 'JSON']],
    [read, plain, ['AVRO', 'JSON']],
    [normal, read, ['AVRO']],
    [read, normal, ['AVRO']],
    [plain, plain, ['AVRO', 'JSON']],
    [plain, normal, ['AVRO']],
    [normal, plain, ['AVRO']],
    [normal, normal, ['AVRO']],
  ])('is what registries leave in its form: sent %j, then %j', (before, now, noticed) => {
    const seen = (['AVRO', 'JSON', 'PROTOBUF'] as const).filter((type) => {
      const contents = contentsOf();
      contents.learn(news(1, form(type, true), { sent: before }));
      return refused(() => contents.learn(news(1, form(type, false), { sent: now }))) === CHANGED;
    });
    expect(seen).toEqual(noticed);
  });

  it('after a restart, a text that was sent may have been normalized', async () => {
    const kept = await store();
    contentsOf({ store: kept }).learn(news(1, form('JSON', true), { sent: plain }));
    expect(refused(() => contentsOf({ store: kept }).learn(news(1, form('JSON', false))))).toBe('taken');
    contentsOf({ store: kept }).learn(news(2, form('JSON', true)));
    expect(refused(() => contentsOf({ store: kept }).learn(news(2, form('JSON', false))))).toBe(CHANGED);
  });

  it('may be looked at before it is learned, with what was known and with what was sent', () => {
    const contents = contentsOf();
    const sent = { text: text('"int"'), normalize: false };
    expect(refused(() => contents.check(news(1, text('{"type":"int"}')), sent))).toBe('taken');
    expect(contents.size).toBe(0);
    expect(refused(() => contents.check(news(1, text('"long"')), sent))).toBe(CHANGED);
    contents.learn(news(2, text('"long"')));
    expect(refused(() => contents.check(news(2, text('"int"')), sent))).toBe(CHANGED);
    const jsonSent = { text: form('JSON', true), normalize: true };
    expect(refused(() => contents.check(news(3, form('JSON', false)), jsonSent))).toBe('taken');
  });
});

describe('the highest id', () => {
  it('is that of this run or of an earlier one, in each context', async () => {
    const kept = await store();
    const contents = contentsOf({ store: kept });
    expect(contents.highestId('')).toBeUndefined();
    for (const id of [4, 9, 6]) contents.learn(news(id, text('"int"')));
    contents.learn(news(50, text('"int"'), { subject: ':.x:s' }));
    expect([contents.highestId(''), contents.highestId('x'), contents.highestId('y')]).toEqual([9, 50, undefined]);
    const later = contentsOf({ store: kept });
    expect(later.highestId('')).toBe(9);
    later.learn(news(5, text('"int"')));
    expect(later.highestId('')).toBe(9);
    later.learn(news(10, text('"int"')));
    expect(later.highestId('')).toBe(10);
    expect(contentsOf().highestId('')).toBeUndefined();
  });

  it('is looked for in the store once something is known, and not at every question', async () => {
    const kept = await store();
    let walks = 0;
    const inner = kept.highestId.bind(kept);
    kept.highestId = (...which) => {
      walks += 1;
      return inner(...which);
    };
    const contents = contentsOf({ store: kept });
    for (let n = 0; n < 3; n++) contents.highestId('');
    expect(walks).toBe(3);
    contents.learn(news(1, text('"int"')));
    for (let n = 0; n < 3; n++) contents.highestId('');
    expect(walks).toBe(4);
  });
});
