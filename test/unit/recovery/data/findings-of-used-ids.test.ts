import { describe, expect, it } from 'vitest';
import { findingsOfUsedIds, highestUnresolved } from '../../../../src/recovery/data/findings-of-used-ids.ts';
import type { IdUse, UsedIds } from '../../../../src/recovery/data/used-ids.ts';
import type { RegistryState, VersionState } from '../../../../src/recovery/state/registry-state.ts';

/** A registry that knows these ids, by context. */
function stateOf(known: Readonly<Record<string, readonly number[]>>): RegistryState {
  return {
    vendor: 'confluent',
    subjects: () => [],
    versions: () => [],
    version: () => undefined,
    byId: (context, id) => (known[context]?.includes(id) === true ? ({ id } as VersionState) : undefined),
    ids: (context) => known[context] ?? [],
    contexts: () => Object.keys(known),
    maxId: (context) => Math.max(0, ...(known[context] ?? [])),
    config: () => undefined,
    mode: () => undefined,
    configSubjects: () => [],
    modeSubjects: () => [],
  };
}

function use(id: number, more: Partial<IdUse> = {}): IdUse {
  return {
    context: '',
    id,
    topic: 'orders',
    partition: 0,
    part: 'value',
    records: 3,
    first: 10,
    last: 12,
    ranges: [{ first: 10, last: 12 }],
    isCoarse: false,
    shortest: 20,
    longest: 40,
    ...more,
  };
}

function used(ids: readonly IdUse[], more: Partial<UsedIds> = {}): UsedIds {
  return {
    topics: ['orders'],
    ids,
    guids: [],
    parts: [{ topic: 'orders', part: 'value', present: 100_000, marked: 100_000, crowdedOut: 0 }],
    unread: [],
    records: 100_000,
    isPartial: false,
    ...more,
  };
}

const named = (findings: readonly { readonly name: string; readonly id?: number }[]) =>
  findings.map(({ name, id }) => (id === undefined ? name : `${name} ${id}`));

describe('findingsOfUsedIds', () => {
  it('finds nothing where every id is resolved', () => {
    expect(findingsOfUsedIds(stateOf({ '': [1, 2] }), used([use(1), use(2)]))).toEqual([]);
  });

  it('tells of an id that nothing resolves once, with topics and offsets', () => {
    const findings = findingsOfUsedIds(
      stateOf({ '': [1, 2] }),
      used([use(1), use(3), use(3, { partition: 4, part: 'key', first: 7, last: 7, records: 1 })]),
    );
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ name: 'id-in-data-unresolved', severity: 'error', id: 3, context: '' });
    expect(findings[0]?.message).toContain('4 records');
    expect(findings[0]?.message).toContain('value of orders-0 at offsets 10 to 12 (3 records)');
    expect(findings[0]?.message).toContain('key of orders-4 at offset 7');
    expect(findings[0]?.message).toContain('above the highest id here, 2');
  });

  it('looks an id up in the context of its topic, and says when another one knows it', () => {
    const [finding] = findingsOfUsedIds(stateOf({ '': [1], other: [5] }), used([use(5), use(5, { context: 'other' })]));
    expect(finding).toMatchObject({ id: 5, context: '' });
    expect(finding?.message).toContain("Context 'other' knows this id");
  });

  it('tells what begins with a zero by chance apart: rare and far above, negative, or numbers of eight bytes', () => {
    const far = 1_500_000_000;
    expect(named(findingsOfUsedIds(stateOf({ '': [1, 90] }), used([use(1), use(far), use(-5)])))).toEqual([
      'id-in-data-implausible',
    ]);
    expect(named(findingsOfUsedIds(stateOf({ '': [1] }), used([use(0, { shortest: 8, longest: 8 })])))).toEqual([
      'id-in-data-implausible',
    ]);
  });

  it('believes an id far above when many records carry it, and eight bytes where others resolve', () => {
    expect(named(findingsOfUsedIds(stateOf({ '': [1] }), used([use(1_500_000_000, { records: 50_000 })])))).toEqual([
      'id-in-data-unresolved 1500000000',
    ]);
    expect(named(findingsOfUsedIds(stateOf({ '': [1] }), used([use(1), use(2, { shortest: 8, longest: 8 })])))).toEqual(
      ['id-in-data-unresolved 2'],
    );
  });

  it('says what it could not look at', () => {
    const findings = findingsOfUsedIds(
      stateOf({ '': [1] }),
      used([], {
        guids: [{ ...use(0), guid: '00112233-4455-6677-8899-aabbccddeeff' }],
        unread: [{ topic: 'orders', partition: 0, first: 5, last: 9, reason: 'corrupt' }],
        parts: [{ topic: 'orders', part: 'key', present: 9, marked: 9, crowdedOut: 4 }],
      }),
    );
    expect(named(findings)).toEqual(['guid-in-data-unchecked', 'data-unread', 'data-unread']);
  });
});

describe('highestUnresolved', () => {
  it('is what must not be given out again, by context, but for what is far above all that is known', () => {
    const state = stateOf({ '': [1, 2], eu: [1] });
    const uses = [use(2), use(9), use(7), use(3, { context: 'eu' }), use(1_700_000_000), use(-1)];
    expect(highestUnresolved(state, used(uses, { parts: [] }))).toEqual({ '': 9, eu: 3 });
    expect(highestUnresolved(state, used([use(2)]))).toEqual({});
  });
});
