import { describe, expect, it } from 'vitest';
import {
  decodeAssignment,
  decodeIdentity,
  elect,
  encodeAssignment,
  encodeIdentity,
  type NodeIdentity,
} from '../../../src/embedded-registry/election-protocol.ts';

const node = (port: number, more: Partial<NodeIdentity> = {}): NodeIdentity => ({
  ...{ scheme: 'http', host: '127.0.0.1', port, isEligible: true },
  ...more,
});
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
const bytes = (json: unknown): Uint8Array => Buffer.from(JSON.stringify(json));

describe('the election protocol', () => {
  it('writes identities as the vendors do', () => {
    expect(text(encodeIdentity('karapace', node(38081)))).toBe(
      '{"version":2,"karapace_version":"6.2.0","host":"127.0.0.1","port":38081,"scheme":"http","master_eligibility":true}',
    );
    expect(text(encodeIdentity('confluent', node(8081)))).toBe(
      '{"version":1,"host":"127.0.0.1","port":8081,"master_eligibility":true,"scheme":"http"}',
    );
  });

  it('writes assignments as the vendors do', () => {
    const elected = { error: 0, memberId: 'm1', primary: node(1) };
    expect(text(encodeAssignment('karapace', elected))).toBe(
      `{"master":"m1","master_identity":${text(encodeIdentity('karapace', node(1)))},"error":0}`,
    );
    expect(text(encodeAssignment('confluent', elected))).toBe(
      `{"version":1,"error":0,"master":"m1","master_identity":${text(encodeIdentity('confluent', node(1)))}}`,
    );
    expect(text(encodeAssignment('confluent', { error: 1, memberId: null, primary: null }))).toBe(
      '{"version":1,"error":1}',
    );
  });

  it('names the eligible node with the smallest URL as a text', () => {
    const members = [
      { memberId: 'a', identity: node(9999) },
      { memberId: 'b', identity: node(10000) },
      { memberId: 'c', identity: node(1, { isEligible: false }) },
    ];
    expect(elect('confluent', members)).toEqual({ error: 0, memberId: 'b', primary: node(10000) });
  });

  it('tells of nodes with one URL (Confluent), or takes one of them (Karapace)', () => {
    const members = [
      { memberId: 'a', identity: node(1) },
      { memberId: 'b', identity: node(1) },
    ];
    expect(elect('confluent', members)).toEqual({ error: 1, memberId: null, primary: null });
    expect(elect('karapace', members)).toEqual({ error: 0, memberId: 'b', primary: node(1) });
  });

  it('has no primary without an eligible node; the one that Karapace names all the same is ignored', () => {
    const members = [{ memberId: 'a', identity: node(1, { isEligible: false }) }];
    expect(elect('confluent', members)).toEqual({ error: 0, memberId: null, primary: null });
    const named = encodeAssignment('karapace', elect('karapace', members));
    expect(JSON.parse(text(named))).toMatchObject({ master: 'a', master_identity: { master_eligibility: false } });
    expect(decodeAssignment(named)).toEqual({ error: 0, memberId: 'a', primary: null });
  });

  it('reads what it knows and passes over the rest', () => {
    expect(decodeIdentity(bytes({ host: 'h', port: 1, leader: true }))).toEqual({
      ...{ scheme: 'http', host: 'h', port: 1, isEligible: false },
    });
    expect(decodeIdentity(bytes({ host: 'h' }))).toBeNull();
    expect(decodeIdentity(Buffer.from('no JSON'))).toBeNull();
    expect(decodeAssignment(new Uint8Array())).toBeNull();
  });
});
