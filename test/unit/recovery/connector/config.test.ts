import { describe, expect, it } from 'vitest';
import { SCHEMA_BACKUP_CONFIG, schemaBackupSettings } from '../../../../src/recovery/connector/config.ts';

const SETTINGS = { topic: 'reports', 'source.bootstrap.servers': 'k1:9092', targets: '/a' };

function mistakes(more: Readonly<Record<string, string>>): readonly string[] {
  return SCHEMA_BACKUP_CONFIG.validate({ ...SETTINGS, ...more })
    .filter(({ errorMessages }) => errorMessages.length > 0)
    .map(({ name }) => name);
}

describe('SCHEMA_BACKUP_CONFIG', () => {
  it('takes places apart at commas, but not the servers of a topic', () => {
    const { targets } = schemaBackupSettings({
      ...SETTINGS,
      targets: '/a, git:/g ,kafka:copy@k1:9092,k2:9092,b/c,kafka:other',
    });
    expect(targets).toEqual([
      { kind: 'folder', path: '/a' },
      { kind: 'git', path: '/g', commit: undefined },
      { kind: 'kafka', topic: 'copy', servers: 'k1:9092,k2:9092' },
      { kind: 'folder', path: 'b/c' },
      { kind: 'kafka', topic: 'other', servers: undefined },
    ]);
  });

  it('gives clients their settings without a prefix', () => {
    const settings = schemaBackupSettings({
      ...SETTINGS,
      'source.security.protocol': 'SSL',
      'target.acks': 'all',
      'registry.urls': 'http://r:1,http://r:2',
      'registry.basic.auth.user.info': 'u:p',
    });
    expect(settings).toMatchObject({
      servers: 'k1:9092',
      source: { 'security.protocol': 'SSL' },
      target: { acks: 'all' },
      registryUrls: ['http://r:1', 'http://r:2'],
      registry: { 'basic.auth.user.info': 'u:p' },
    });
    expect(SCHEMA_BACKUP_CONFIG.unusedKeys({ 'source.x': '1', 'sourc.x': '1' })).toEqual(['sourc.x']);
  });

  it('names what is wrong by its key', () => {
    expect(mistakes({})).toEqual([]);
    expect(mistakes({ targets: '' })).toEqual(['targets']);
    expect(mistakes({ targets: 'registry' })).toEqual(['targets']);
    expect(mistakes({ keep: 'weeks=x' })).toEqual(['keep']);
    expect(mistakes({ keep: 'last=3' })).toEqual([]);
    expect(mistakes({ 'backup.interval.ms': '10' })).toEqual(['backup.interval.ms']);
    expect(mistakes({ 'source.bootstrap.servers': '', topic: '' })).toEqual(['topic', 'source.bootstrap.servers']);
  });
});
