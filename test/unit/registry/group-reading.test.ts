import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DescribedGroup } from '../../../src/registry/group-describer.ts';
import { readGroup } from '../../../src/registry/group-reading.ts';

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const identity = (host: string, more: object = {}) => ({
  version: 2,
  host,
  port: 8081,
  scheme: 'http',
  master_eligibility: true,
  ...more,
});
const assignment = (more: object = {}) => ({
  version: 1,
  error: 0,
  master: 'sr-1-a',
  master_identity: identity('a'),
  ...more,
});

interface Shape {
  readonly state?: DescribedGroup['state'];
  readonly protocolType?: string;
  /** One per member, the members being sr-1-a, sr-1-b and so on; undefined: none yet. */
  readonly assignments?: readonly unknown[];
}

function group({
  state = 'Stable',
  protocolType = 'sr',
  assignments = [assignment(), assignment()],
}: Shape): DescribedGroup {
  return {
    state,
    protocolType,
    members: assignments.map((value, i) => ({
      memberId: `sr-1-${'abcdef'[i]}`,
      metadata: bytes(identity('abcdef'[i] ?? 'x')),
      assignment: value === undefined ? new Uint8Array() : value instanceof Uint8Array ? value : bytes(value),
    })),
  };
}

const A = 'primary sr-1-a http://a:8081';
const whole = (more: object, otherMore: object = more): unknown[] => [assignment(more), assignment(otherMore)];

/** As `primary <member> <url>`, or the kind. */
function words(described: DescribedGroup): string {
  const reading = readGroup(described);
  return reading.kind === 'primary' ? `primary ${reading.memberId} ${reading.url}` : reading.kind;
}

describe('a group as it is described', () => {
  it.each<[string, Shape, string]>([
    ['all members agree', {}, A],
    ['a member that has just joined has no assignment', { assignments: [assignment(), undefined] }, A],
    [
      'the fields stand in another order, with others beside them',
      { assignments: [assignment(), { leader: true, master_identity: identity('a'), master: 'sr-1-a', error: 0 }] },
      A,
    ],
    ['error is left out, as it is 0', { assignments: whole({ error: undefined }) }, A],
    [
      'another member is named',
      { assignments: whole({ master: 'sr-1-b', master_identity: identity('b') }) },
      'primary sr-1-b http://b:8081',
    ],
    [
      'a version that calls it leader',
      { assignments: whole({ master_identity: { host: 'a', port: 8081, scheme: 'https', leader_eligibility: true } }) },
      'primary sr-1-a https://a:8081',
    ],
    ['no word of eligibility', { assignments: whole({ master_identity: { host: 'A', port: 8081 } }) }, A],
    [
      'an IPv6 host',
      { assignments: whole({ master_identity: identity('2001:DB8::1') }) },
      'primary sr-1-a http://[2001:db8::1]:8081',
    ],
    [
      'an IPv6 host in brackets',
      { assignments: whole({ master_identity: identity('[::1]') }) },
      'primary sr-1-a http://[::1]:8081',
    ],

    [
      'the first port',
      { assignments: whole({ master_identity: identity('a', { port: 1 }) }) },
      'primary sr-1-a http://a:1',
    ],
    [
      'the last port',
      { assignments: whole({ master_identity: identity('a', { port: 65_535 }) }) },
      'primary sr-1-a http://a:65535',
    ],

    ['no member has an assignment', { assignments: [undefined, undefined] }, 'electing'],
    ['it is rebalancing, with the old assignments', { state: 'PreparingRebalance' }, 'electing'],
    ['it is about to be assigned', { state: 'CompletingRebalance' }, 'electing'],
    [
      'the members name different ones',
      { assignments: whole({}, { master: 'sr-1-b', master_identity: identity('b') }) },
      'electing',
    ],
    [
      'the members call the same one differently',
      { assignments: whole({}, { master_identity: identity('other') }) },
      'electing',
    ],
    ['one names nobody', { assignments: whole({}, { master: null, master_identity: undefined }) }, 'electing'],
    ['a primary that is no member', { assignments: whole({ master: 'sr-1-z' }) }, 'electing'],

    ['Confluent: no identity, as no node is eligible', { assignments: whole({ master_identity: undefined }) }, 'none'],
    ['nobody is named', { assignments: whole({ master: null, master_identity: null }) }, 'none'],
    [
      'Karapace: a node that is not eligible is named all the same',
      { assignments: whole({ master_identity: identity('a', { master_eligibility: false }) }) },
      'none',
    ],
    [
      'eligibility is no boolean',
      { assignments: whole({ master_identity: identity('a', { master_eligibility: 'true' }) }) },
      'none',
    ],
    ['DUPLICATE_URLS', { assignments: whole({ error: 1 }) }, 'none'],
    ['an error that is not known', { assignments: whole({ error: 7 }) }, 'none'],

    [
      'a primary that one of the members takes for not eligible',
      { assignments: whole({}, { master_identity: identity('a', { master_eligibility: false }) }) },
      'electing',
    ],
    ['an error that one member only knows of', { assignments: whole({}, { error: 1 }) }, 'electing'],
    ['an identity of nobody', { assignments: whole({ master: null }) }, 'none'],

    ['no members', { state: 'Empty', assignments: [] }, 'empty'],
    ['no such group', { state: 'Dead', protocolType: '', assignments: [] }, 'empty'],

    ['consumers', { protocolType: 'consumer' }, 'unusable'],
    ['Kafka Connect', { protocolType: 'connect' }, 'unusable'],
    ['a state that Kafka has not had so far', { state: 'Unknown' }, 'unusable'],
    ['no JSON', { assignments: ['{"master":', '{"master":'] }, 'unusable'],
    ['JSON that is no object', { assignments: ['[]', '[]'] }, 'unusable'],
    ['null', { assignments: ['null', 'null'] }, 'unusable'],
    [
      'bytes that are no text',
      { assignments: [new Uint8Array([0xff, 0xfe]), new Uint8Array([0xff, 0xfe])] },
      'unusable',
    ],
    ['more than anybody would write', { assignments: [`"${'x'.repeat(70_000)}"`] }, 'unusable'],
    ['deeper than a stack', { assignments: ['['.repeat(60_000)] }, 'unusable'],
    ['one of two is garbage', { assignments: [assignment(), 'garbage'] }, 'unusable'],
    ['a member id that is no text', { assignments: whole({ master: 7 }) }, 'unusable'],
    ['a member id with a line break', { assignments: whole({ master: 'a\nb' }) }, 'unusable'],
    ['an endless member id', { assignments: whole({ master: 'a'.repeat(600) }) }, 'unusable'],
    ['an identity that is no object', { assignments: whole({ master_identity: 'http://a:8081' }) }, 'unusable'],
    ['no host', { assignments: whole({ master_identity: { port: 8081 } }) }, 'unusable'],
    ['a host with a path', { assignments: whole({ master_identity: identity('a/../b') }) }, 'unusable'],
    ['a host with a user', { assignments: whole({ master_identity: identity('u:p@a') }) }, 'unusable'],
    ['a host with a line break', { assignments: whole({ master_identity: identity('a\r\nX-Evil: 1') }) }, 'unusable'],
    [
      'a host that has colons, and is no IPv6',
      { assignments: whole({ master_identity: identity('a:b') }) },
      'unusable',
    ],
    ['a port that is text', { assignments: whole({ master_identity: identity('a', { port: '8081' }) }) }, 'unusable'],
    ['port 0', { assignments: whole({ master_identity: identity('a', { port: 0 }) }) }, 'unusable'],
    ['port 65536', { assignments: whole({ master_identity: identity('a', { port: 65_536 }) }) }, 'unusable'],
    ['half a port', { assignments: whole({ master_identity: identity('a', { port: 80.5 }) }) }, 'unusable'],
    ['another scheme', { assignments: whole({ master_identity: identity('a', { scheme: 'file' }) }) }, 'unusable'],
    ['an error that is text', { assignments: whole({ error: '0' }) }, 'unusable'],
    ['half an error', { assignments: whole({ error: 0.5 }) }, 'unusable'],
    [
      'more than anybody would write, in a whole assignment',
      { assignments: whole({ more: 'x'.repeat(70_000) }) },
      'unusable',
    ],
    [
      'text with a byte that is none',
      { assignments: [new Uint8Array([...bytes(assignment({ more: 'x' })).slice(0, -2), 0xff, 0x22, 0x7d])] },
      'unusable',
    ],
    ['a host that is no text', { assignments: whole({ master_identity: identity('a', { host: 7 }) }) }, 'unusable'],
    [
      'a scheme that is no text',
      { assignments: whole({ master_identity: identity('a', { scheme: null }) }) },
      'unusable',
    ],
    ['an IPv6 host with a zone', { assignments: whole({ master_identity: identity('fe80::1%eth0') }) }, 'unusable'],
    ['an IPv6 host with half a bracket', { assignments: whole({ master_identity: identity('[::1') }) }, 'unusable'],
    ['text after the bracket', { assignments: whole({ master_identity: identity('[::1]x') }) }, 'unusable'],
    ['text before the bracket', { assignments: whole({ master_identity: identity('x[::1]') }) }, 'unusable'],
  ])('%s', (_name, shape, expected) => {
    expect(words(group(shape))).toBe(expected);
  });

  it('says why nobody is primary', () => {
    expect(readGroup(group({ assignments: whole({ error: 1 }) }))).toMatchObject({
      reason: expect.stringContaining('DUPLICATE_URLS'),
    });
    expect(readGroup(group({ state: 'Empty' }))).toEqual({ kind: 'empty', reason: 'the group is Empty' });
  });

  it('knows the members, but for those that can not be read', () => {
    const described = group({});
    const [first] = described.members;
    const members = [...described.members, { ...first!, memberId: 'sr-1-c', metadata: bytes('garbage') }];
    expect(readGroup({ ...described, members })).toMatchObject({
      members: ['http://a:8081', 'http://a:8081', 'http://b:8081'],
    });
  });

  it('does not read what a member tells of itself at endless length', () => {
    const described = group({});
    const [first] = described.members;
    const endless = { ...first!, memberId: 'sr-1-c', metadata: bytes(identity('c', { more: 'x'.repeat(70_000) })) };
    expect(readGroup({ ...described, members: [...described.members, endless] })).toMatchObject({
      members: ['http://a:8081', 'http://a:8081', 'http://b:8081'],
    });
  });

  it('never throws, and never takes for a primary what is not a whole assignment', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map(bytes),
      fc
        .record({ master: fc.anything(), master_identity: fc.anything(), error: fc.anything() }, { requiredKeys: [] })
        .map((value) => bytes(stringified(value))),
    );
    fc.assert(
      fc.property(fc.array(anything, { maxLength: 4 }), anything, (assignments, metadata) => {
        const members = assignments.map((bytesOf, i) => ({ memberId: `m${i}`, metadata, assignment: bytesOf }));
        const reading = readGroup({ state: 'Stable', protocolType: 'sr', members });
        if (reading.kind === 'primary') expect(members.map(({ memberId }) => memberId)).toContain(reading.memberId);
      }),
      { numRuns: 500 },
    );
  });
});

function stringified(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner)) ?? 'null'
  );
}
