import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { IdOrder } from '../../../src/registry/id-order.ts';
import type { Verification } from '../../../src/registry/id-verifier.ts';
import { RegistryIntegrityError } from '../../../src/registry/registry-errors.ts';
import { SchemaContents } from '../../../src/registry/schema-contents.ts';
import { A, ScriptedNodes } from './scripted-nodes.ts';
import { ok, type Reply } from './scripted-transport.ts';

const text = { schemaType: 'AVRO', schema: '"int"', references: [] } as const;

class Ordering {
  readonly nodes = new ScriptedNodes();
  readonly contents: SchemaContents;
  /** What is found of an id when it is read back; lost unless told. */
  readonly outcomes = new Map<number, Verification['outcome']>();
  readonly verified: number[] = [];
  settling = false;
  private readonly order: IdOrder;

  constructor(known: readonly number[]) {
    const { clock, endpoints } = this.nodes;
    const identity = new ClusterIdentity({ nodes: [A], store: null });
    this.contents = new SchemaContents({ clock, store: null, identity, epoch: () => 'e', maxEntries: 100 });
    for (const id of known) this.learn(id);
    // It tells its highest id, which is no higher than any that is looked at.
    this.reply(ok({ ...text, maxId: 2 }));
    this.order = new IdOrder({
      clock,
      logger: silentLogger,
      endpoints,
      contents: this.contents,
      verifier: {
        verify: async ({ id }) => {
          this.verified.push(id);
          return { outcome: this.outcomes.get(id) ?? 'lost', reason: '', retryAfterMs: 0 };
        },
      },
      isSettling: () => this.settling,
      signal: new AbortController().signal,
    });
  }

  learn(id: number, subject?: string): void {
    this.contents.learn({ id, text, subject, node: A, sent: null });
  }

  reply(reply: Reply): void {
    this.nodes.replies[A] = () => reply;
  }

  /** '' when the id may be used; else why not. */
  async check(id: number, subject = 's'): Promise<string> {
    try {
      const outcome = await this.order.check({ id, subject, text, normalize: false, node: A });
      return outcome.met ? '' : outcome.reason;
    } catch (reason) {
      if (!(reason instanceof RegistryIntegrityError)) throw reason;
      return reason.code;
    }
  }
}
const WENT_BACK = 'holdfast.registry.ids-went-back';
const LAGS =
  'it is lower than id 9, which the registry gave out before and does not find now: a node lags, or data was lost';

describe('an id that the registry gave out', () => {
  it('is in order when it is the first, the highest, or one that is known', async () => {
    const none = new Ordering([]);
    expect(await none.check(1)).toBe('');
    const some = new Ordering([5, 9]);
    expect([await some.check(10), await some.check(9), await some.check(5)]).toEqual(['', '', '']);
    expect([...none.verified, ...some.verified]).toEqual([]);
  });

  it('counts in the context of its subject', async () => {
    const ordering = new Ordering([9]);
    expect(await ordering.check(5, ':.x:s')).toBe('');
    ordering.learn(7, ':.x:s');
    expect(await ordering.check(5, ':.x:s')).toContain('lower than id 7');
    expect(ordering.nodes.transport.take()).toEqual([`GET ${A} /schemas/ids/5?subject=%3A.x%3As&fetchMaxId=true`]);
  });

  it('may be an old one while the highest is there, which is read once in a second', async () => {
    const ordering = new Ordering([9]);
    ordering.outcomes.set(9, 'equal');
    expect([await ordering.check(3), await ordering.check(8)]).toEqual(['', '']);
    await ordering.nodes.clock.advance(999);
    await ordering.check(4);
    expect(ordering.verified).toEqual([9]);
    await ordering.nodes.clock.advance(1);
    await ordering.check(4);
    expect(ordering.verified).toEqual([9, 9]);
  });

  it('may be an old one when the registry tells a higher id, or has another one above it', async () => {
    const told = new Ordering([9]);
    told.reply(ok({ ...text, maxId: 6 }));
    expect([await told.check(5), await told.check(4)]).toEqual(['', '']);
    expect(told.verified).toEqual([9]);
    // What is not below the one that was found is looked at anew.
    told.reply(ok({ ...text, maxId: 7 }));
    expect(await told.check(7)).toBe(LAGS);
    const other = new Ordering([9, 2, 6, 7]);
    other.outcomes.set(6, 'equal');
    expect(await other.check(5)).toBe('');
    expect(other.verified).toEqual([9, 7, 6]);
  });

  it('is looked at by three others at most, those between it and the highest, from above, in its context', async () => {
    const ordering = new Ordering([3, 4, 5, 6, 7, 9, 1]);
    ordering.learn(8, ':.x:s');
    expect(await ordering.check(2)).toBe(LAGS);
    expect(ordering.verified).toEqual([9, 7, 6, 5]);
  });

  it('waits while nobody can tell', async () => {
    const ordering = new Ordering([9]);
    ordering.outcomes.set(9, 'away');
    for (let n = 0; n < 4; n++) {
      expect(await ordering.check(5)).toBe(
        'it is lower than id 9, which the registry gave out before and can not be read now',
      );
      await ordering.nodes.clock.advance(30_000);
    }
    expect(ordering.nodes.asked()).toEqual([]);
  });
});

describe('ids that go back', () => {
  it('are certain after half a minute in which all above is denied twice', async () => {
    const ordering = new Ordering([9]);
    expect(await ordering.check(5)).toBe(LAGS);
    await ordering.nodes.clock.advance(29_999);
    expect(await ordering.check(5)).toBe(LAGS);
    await ordering.nodes.clock.advance(1);
    expect(await ordering.check(5)).toBe(WENT_BACK);
  });

  it('are not certain at the first denial, nor while a change settles', async () => {
    const ordering = new Ordering([9]);
    await ordering.nodes.clock.advance(60_000);
    expect(await ordering.check(5)).toBe(LAGS);
    ordering.settling = true;
    await ordering.nodes.clock.advance(60_000);
    expect(await ordering.check(5)).toBe(LAGS);
    ordering.settling = false;
    expect(await ordering.check(5)).toBe(WENT_BACK);
  });

  it('are not certain by what was denied to somebody long ago, and not since', async () => {
    const ordering = new Ordering([9]);
    expect(await ordering.check(5)).toBe(LAGS);
    await ordering.nodes.clock.advance(300_000);
    expect(await ordering.check(5)).toBe(LAGS);
    await ordering.nodes.clock.advance(30_000);
    expect(await ordering.check(5)).toBe(WENT_BACK);
  });

  it('are certain though others register more meanwhile, who wait for nothing', async () => {
    const ordering = new Ordering([9]);
    ordering.reply(ok({ ...text, maxId: 5 }));
    expect(await ordering.check(5)).toBe(LAGS);
    await ordering.nodes.clock.advance(29_000);
    // Another client has the ids 6 and 7 by now: ids below them may be old ones, but this one was the newest.
    ordering.reply(ok({ ...text, maxId: 7 }));
    expect(await ordering.check(3)).toBe('');
    expect(await ordering.check(5)).toBe(LAGS);
    await ordering.nodes.clock.advance(1000);
    expect(await ordering.check(5)).toBe(WENT_BACK);
    ordering.outcomes.set(9, 'equal');
    expect(await ordering.check(5)).toBe('');
  });

  it('are none when the highest was found between', async () => {
    const ordering = new Ordering([9]);
    await ordering.check(5);
    await ordering.nodes.clock.advance(30_000);
    ordering.outcomes.set(9, 'equal');
    expect(await ordering.check(5)).toBe('');
    ordering.outcomes.set(9, 'lost');
    await ordering.nodes.clock.advance(1000);
    expect(await ordering.check(5)).toBe(LAGS);
  });
});
