import { describe, expect, it } from 'vitest';
import {
  hasCaughtUp,
  healthRequest,
  type NodeHealth,
  readAllHealth,
  readHealth,
} from '../../../src/registry/node-health.ts';

const status = {
  schema_registry_ready: true,
  schema_registry_startup_time_sec: 3.5,
  schema_registry_reader_current_offset: 17,
  schema_registry_reader_highest_offset: 23,
  schema_registry_is_primary: false,
  schema_registry_is_primary_eligible: true,
  schema_registry_primary_url: 'http://primary:8081',
  schema_registry_coordinator_running: true,
  schema_registry_coordinator_generation_id: 7,
};

const health = (more: Partial<NodeHealth>): NodeHealth => ({
  isPrimary: false,
  isReady: true,
  primaryUrl: 'http://a:8081',
  readOffset: 9,
  endOffset: 9,
  generation: 1,
  ...more,
});

describe("Karapace's health resource", () => {
  it('is read, under status or at the top as older versions have it', () => {
    const read = {
      isPrimary: false,
      isReady: true,
      primaryUrl: 'http://primary:8081',
      readOffset: 17,
      endOffset: 23,
      generation: 7,
    };
    expect(readHealth({ status, healthy: true })).toEqual(read);
    expect(readHealth({ ...status, healthy: true, process_uptime_sec: 9 })).toEqual(read);
  });

  it.each([
    [
      'what is not known is null',
      { schema_registry_ready: false, schema_registry_is_primary: null, schema_registry_primary_url: null },
      { isPrimary: null, isReady: false, primaryUrl: null, readOffset: null, endOffset: null, generation: null },
    ],
    [
      'numbers that are none',
      { ...status, schema_registry_reader_current_offset: '17', schema_registry_reader_highest_offset: 1.5 },
      { readOffset: null, endOffset: null },
    ],
    ['a URL that is none', { ...status, schema_registry_primary_url: 'javascript:alert(1)' }, { primaryUrl: null }],
    ['a URL with a line break', { ...status, schema_registry_primary_url: 'http://a:8081\nx' }, { primaryUrl: null }],
    [
      'a URL without end',
      { ...status, schema_registry_primary_url: `http://${'a'.repeat(600)}` },
      { primaryUrl: null },
    ],
    [
      'a URL with a password: it is left out',
      { ...status, schema_registry_primary_url: 'https://u:p@Host:8081/x' },
      { primaryUrl: 'https://host:8081' },
    ],
    [
      'a URL of an IPv6 host',
      { ...status, schema_registry_primary_url: 'http://[::1]:8081/' },
      { primaryUrl: 'http://[::1]:8081' },
    ],
  ])('%s', (_name, body, expected) => {
    expect(readHealth({ status: body })).toMatchObject(expected);
  });

  it.each([
    undefined,
    null,
    'ok',
    7,
    [],
    {},
    { healthy: true },
    { status: 'UP' },
    { status: { schema_registry_ready: 'yes' } },
  ])('is not taken for one: %j', (body) => {
    expect(readHealth(body)).toBeUndefined();
    expect(healthRequest(2000).expects(body)).toBe(false);
  });

  it('is asked for with a time limit of its own, as it hangs without a broker', () => {
    expect(healthRequest(2000)).toMatchObject({ method: 'GET', path: '/_health', timeoutMs: 2000, channel: 'read' });
  });

  it('vouches for what a node denies only when it has read its topic to the end', () => {
    expect(hasCaughtUp(health({}))).toBe(true);
    expect(hasCaughtUp(health({ readOffset: 10 }))).toBe(true);
    expect(hasCaughtUp(health({ readOffset: 8 }))).toBe(false);
    expect(hasCaughtUp(health({ isReady: false }))).toBe(false);
    expect(hasCaughtUp(health({ readOffset: null }))).toBe(true);
    expect(hasCaughtUp(health({ endOffset: null }))).toBe(true);
  });
});

describe("the nodes' own words together", () => {
  const A = 'http://node-a:1';
  const B = 'http://node-b:2';

  it.each<[string, Record<string, NodeHealth>, object]>([
    [
      'the one that claims it',
      { [A]: health({ isPrimary: true }), [B]: health({}) },
      { kind: 'primary', url: 'http://a:8081', node: A, isReady: true },
    ],
    [
      'one that claims it and is not ready',
      { [A]: health({ isPrimary: true, isReady: false }) },
      { kind: 'primary', node: A, isReady: false },
    ],
    [
      'one that claims it and knows no URL',
      { [A]: health({ isPrimary: true, primaryUrl: null }) },
      { kind: 'primary', url: A, node: A },
    ],
    [
      'two claim it: the later election counts',
      {
        [A]: health({ isPrimary: true, generation: 4 }),
        [B]: health({ isPrimary: true, generation: 5, primaryUrl: 'http://b:8081' }),
      },
      { kind: 'primary', url: 'http://b:8081', node: B },
    ],
    [
      'two claim it, of one election: who is ready',
      { [A]: health({ isPrimary: true, isReady: false }), [B]: health({ isPrimary: true }) },
      { kind: 'primary', node: B },
    ],
    [
      'two claim it, and nothing tells them apart',
      { [A]: health({ isPrimary: true }), [B]: health({ isPrimary: true }) },
      { kind: 'electing' },
    ],
    [
      'the one that others name may be dead',
      { [B]: health({}) },
      { kind: 'primary', url: 'http://a:8081', node: null, isReady: false },
    ],
    [
      'others name different ones',
      { [A]: health({ primaryUrl: 'http://x:1' }), [B]: health({}) },
      { kind: 'electing' },
    ],
    [
      'nobody knows of one',
      { [A]: health({ primaryUrl: null }), [B]: health({ primaryUrl: null, isPrimary: null }) },
      { kind: 'none' },
    ],
  ])('%s', (_name, nodes, expected) => {
    expect(readAllHealth(new Map(Object.entries(nodes)))).toMatchObject(expected);
  });
});
