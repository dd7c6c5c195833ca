import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from '../../src/converters/plugin.ts';
import type { Converter, HeaderConverter } from '../../src/sdk/converter.ts';
import type { Wire } from '../support/connect-wire.ts';
import {
  jsonSettings,
  mutated,
  type Part,
  parts,
  type Settings,
  scalars,
  stringSettings,
} from '../support/converter-cases.ts';
import { answerOf, type Conversation, compared, type Item, questionOf } from '../support/converter-comparison.ts';
import { envelopes, headerTexts, jsonTexts } from '../support/converter-texts.ts';
import { javaAvailable } from '../support/java.ts';
import { type JavaOracle, startJavaOracle } from '../support/java-oracle.ts';
import { sameButForTexts } from '../support/java-texts.ts';
import { meantDifferences } from '../support/meant-converter-differences.ts';
import { settingsOf } from '../support/settings-wire.ts';
import { created } from '../support/transformation-comparison.ts';
import { contextFor } from '../unit/converters/converter-context.ts';

/** A new one each time; give it back with HOLDFAST_SEED to see a failure again. */
const seed = Number(process.env['HOLDFAST_SEED'] ?? Date.now() % 2 ** 31);
const JSON_CONVERTER = 'org.apache.kafka.connect.json.JsonConverter';
const STRING_CONVERTER = 'org.apache.kafka.connect.storage.StringConverter';
const SIMPLE_HEADER_CONVERTER = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';
const CONVERTERS = 'org.apache.kafka.connect.converters';

function sample<T>(values: fc.Arbitrary<T>, count: number): T[] {
  return fc.sample(values, { numRuns: count, seed });
}

function configured({ className, as, config }: Conversation): Converter | HeaderConverter {
  const offered = as === 'header' ? plugin.headerConverters : plugin.converters;
  const converter = created<Converter | HeaderConverter>(offered, className);
  converter.configure(config, contextFor(as));
  return converter;
}

function isMeant({ className }: Conversation, item: Item, ours: Wire, theirs: Wire): boolean {
  return meantDifferences.some(({ shown }) => shown?.applies({ className, item, ours, theirs }) === true);
}

/** What was asked, and the two answers from shortly before they part. */
function difference({ config, items: _, ...asked }: Conversation, item: Item, ours: string, theirs: string): string {
  let same = 0;
  while (same < ours.length && ours[same] === theirs[same]) same++;
  const [us, them] = [ours, theirs].map((each) => `…${each.slice(Math.max(0, same - 40), same + 80)}`);
  const what =
    'bytes' in item ? latin1(item.bytes) : (questionOf({ ...asked, config, items: [item] }) as { items: Wire }).items;
  return `${JSON.stringify(config)} ${JSON.stringify(what)}\n  ours:   ${us}\n  theirs: ${them}`;
}

function latin1(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

/** Each UTF-16 unit in two bytes, or in four, in which halves of pairs stand for themselves. */
function encodedWide(text: string, width: number, isBig: boolean): Buffer {
  const bytes = Buffer.alloc(text.length * width);
  for (let index = 0; index < text.length; index++) {
    const at = index * width;
    if (isBig) bytes.writeUIntBE(text.charCodeAt(index), at, width);
    else bytes.writeUIntLE(text.charCodeAt(index), at, width);
  }
  return bytes;
}

describe.skipIf(!javaAvailable())(`with the seed ${seed}`, () => {
  let oracle: JavaOracle;
  beforeAll(async () => {
    oracle = await startJavaOracle({ main: 'ConnectOracle', with: ['ConnectWire'] });
  });
  afterAll(() => oracle?.stop());

  /** Gives how many items both took. */
  async function compare(conversations: readonly Conversation[]): Promise<number> {
    const answers = await oracle.ask<readonly Wire[]>(conversations.map(questionOf));
    const differences: string[] = [];
    let taken = 0;
    for (const [index, conversation] of conversations.entries()) {
      const converter = configured(conversation);
      for (const [at, item] of conversation.items.entries()) {
        const answer = answers[index]?.[at] as Wire;
        if ('impossible' in (answer as object)) continue;
        const own = answerOf(converter, conversation.as, item);
        const { ours, theirs } = compared(own, answer);
        const [us, them] = [JSON.stringify(ours), JSON.stringify(theirs)];
        if (us !== them && !sameButForTexts(us, them) && !isMeant(conversation, item, own, answer)) {
          differences.push(difference(conversation, item, us, them));
        } else if (!('error' in (own as object))) taken++;
      }
    }
    const shortest = [...new Set(differences)].sort((a, b) => a.length - b.length).slice(0, 30);
    expect(shortest.join('\n'), `${differences.length} differences`).toBe('');
    return taken;
  }

  function conversationsOf(
    className: string,
    as: Conversation['as'],
    settings: fc.Arbitrary<Settings>,
    items: fc.Arbitrary<Item>,
    size: { readonly settings: number; readonly items: number },
  ): Conversation[] {
    const each = fc.tuple(settings, fc.array(items, { minLength: size.items, maxLength: size.items }));
    return sample(each, size.settings).map(([config, list]) => ({ className, as, config, items: list }));
  }

  /** Bytes that our converter wrote, and what mutation made of them. */
  function written(className: string, config: Settings, from: fc.Arbitrary<Part>, count: number): Uint8Array[] {
    const converter = configured({ className, as: 'value', config, items: [] });
    return sample(from, count).flatMap(({ schema, value }) => {
      try {
        const bytes = (converter as Converter).fromConnectData('topic', schema, value);
        return bytes === null ? [] : [bytes];
      } catch {
        return [];
      }
    });
  }

  const bytesOf = (texts: fc.Arbitrary<string>): fc.Arbitrary<Item> =>
    texts.map((text) => ({ bytes: Buffer.from(text, 'utf8') }));

  it('all have the settings that Kafka Connect has', async () => {
    const offered = [...(plugin.converters ?? []), ...(plugin.headerConverters ?? [])].filter(({ className }) =>
      className.startsWith('org.apache.'),
    );
    const answers = await oracle.ask<Wire>(offered.map(({ className }) => ({ op: 'config', class: className })));
    for (const [index, { className, create }] of offered.entries()) {
      expect(settingsOf(new create().config?.()), className).toEqual(answers[index]);
    }
  });

  it.each(meantDifferences.flatMap(({ what, shown }) => (shown === undefined ? [] : [[what, shown] as const])))(
    'differ as meant: %s',
    async (_, { example, applies }) => {
      const [answers] = await oracle.ask<readonly Wire[]>([questionOf(example)]);
      const [theirs, item] = [answers?.[0] as Wire, example.items[0] as Item];
      const ours = answerOf(configured(example), example.as, item);
      expect(JSON.stringify(compared(ours, theirs).ours)).not.toBe(JSON.stringify(compared(ours, theirs).theirs));
      expect(applies({ className: example.className, item, ours, theirs })).toBe(true);
    },
  );

  describe('JsonConverter', () => {
    it.each(['key', 'value', 'header'] as const)('writes as %s', async (as) => {
      const taken = await compare(
        conversationsOf(JSON_CONVERTER, as, jsonSettings, parts, { settings: 30, items: 50 }),
      );
      expect(taken).toBeGreaterThan(800);
    });

    it('reads what it wrote', async () => {
      const settings = sample(jsonSettings, 20);
      const conversations = settings.map((config, index): Conversation => {
        const own = written(JSON_CONVERTER, config, parts, 60 + index);
        return { className: JSON_CONVERTER, as: 'value', config, items: own.map((bytes) => ({ bytes })) };
      });
      expect(await compare(conversations)).toBeGreaterThan(600);
    });

    it('reads what is changed in what it wrote', async () => {
      const conversations = ['true', 'false'].map((enable): Conversation => {
        const config = { 'schemas.enable': enable };
        const own = written(JSON_CONVERTER, config, parts, 300);
        const items = sample(fc.constantFrom(...own).chain(mutated), 3000).map((bytes) => ({ bytes }));
        return { className: JSON_CONVERTER, as: 'value', config, items };
      });
      expect(await compare(conversations)).toBeGreaterThan(500);
    });

    it('reads envelopes of any kind', async () => {
      const settings = fc.constantFrom<Settings>({}, { 'replace.null.with.default': 'false' });
      const taken = await compare(
        conversationsOf(JSON_CONVERTER, 'value', settings, bytesOf(envelopes), { settings: 8, items: 500 }),
      );
      expect(taken).toBeGreaterThan(500);
    });

    it('reads JSON of any kind', async () => {
      const settings = fc.constant<Settings>({ 'schemas.enable': 'false' });
      const taken = await compare(
        conversationsOf(JSON_CONVERTER, 'value', settings, bytesOf(jsonTexts), { settings: 4, items: 1000 }),
      );
      expect(taken).toBeGreaterThan(500);
    });
  });

  it('JsonConverter reads JSON in UTF-16 and UTF-32, broken at its end or not', async () => {
    const items = fc
      .tuple(
        jsonTexts,
        fc.constantFrom(2, 4),
        fc.boolean(),
        fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 5 })),
      )
      .map(([text, width, isBig, more]): Item => ({ bytes: Buffer.concat([encodedWide(text, width, isBig), more]) }));
    const taken = await compare(
      conversationsOf(JSON_CONVERTER, 'value', fc.constant({ 'schemas.enable': 'false' }), items, {
        settings: 2,
        items: 1000,
      }),
    );
    expect(taken).toBeGreaterThan(300);
  });

  describe('StringConverter', () => {
    it('writes', async () => {
      const taken = await compare(
        conversationsOf(STRING_CONVERTER, 'value', stringSettings, parts, { settings: 30, items: 50 }),
      );
      expect(taken).toBeGreaterThan(1000);
    });
    it('reads', async () => {
      const items: fc.Arbitrary<Item> = fc.oneof(
        fc.uint8Array({ maxLength: 12 }).map((bytes) => ({ bytes })),
        fc
          .string({ unit: 'grapheme', maxLength: 8 })
          .chain((text) => mutated(Buffer.from(text)))
          .map((bytes) => ({ bytes })),
        fc.constant({ bytes: null }),
      );
      const taken = await compare(
        conversationsOf(STRING_CONVERTER, 'header', stringSettings, items, { settings: 30, items: 100 }),
      );
      expect(taken).toBeGreaterThan(1000);
    });
  });

  describe('SimpleHeaderConverter', () => {
    it('writes', async () => {
      const taken = await compare(
        conversationsOf(SIMPLE_HEADER_CONVERTER, 'header', fc.constant({}), parts, { settings: 1, items: 3000 }),
      );
      expect(taken).toBeGreaterThan(1000);
    });
    it('reads', async () => {
      const items = fc.oneof(
        { weight: 5, arbitrary: bytesOf(headerTexts) },
        fc.uint8Array({ maxLength: 8 }).map((bytes): Item => ({ bytes })),
      );
      const taken = await compare(
        conversationsOf(SIMPLE_HEADER_CONVERTER, 'header', fc.constant({}), items, { settings: 1, items: 8000 }),
      );
      expect(taken).toBeGreaterThan(1000);
    });
  });

  describe.each(['ByteArray', 'Boolean', 'Short', 'Integer', 'Long', 'Float', 'Double'])('%sConverter', (name) => {
    const className = `${CONVERTERS}.${name}Converter`;
    it('writes', async () => {
      const taken = await compare(
        conversationsOf(className, 'value', fc.constant({}), scalars, { settings: 1, items: 2000 }),
      );
      expect(taken).toBeGreaterThan(50);
    });
    it('reads', async () => {
      const items = fc.oneof(
        fc.uint8Array({ maxLength: 9 }).map((bytes): Item => ({ bytes })),
        fc.constant<Item>({ bytes: null }),
      );
      const taken = await compare(
        conversationsOf(className, 'key', fc.constant({}), items, { settings: 1, items: 1000 }),
      );
      expect(taken).toBeGreaterThan(50);
    });
  });
});
