import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../../src/cli/exit-codes.ts';
import { addBackup } from '../../../../src/cli/schemas/backup-command.ts';
import {
  type BackupEveryOptions,
  backupEvery,
  clientSettings,
  connectorSettings,
  reportClients,
  workerSettings,
} from '../../../../src/cli/schemas/backup-every.ts';
import { parseDuration } from '../../../../src/cli/schemas/duration.ts';
import { SCHEMA_BACKUP_CONFIG, schemaBackupSettings } from '../../../../src/recovery/connector/config.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const OPTIONS: BackupEveryOptions = {
  ...{ topic: '_schemas', groupId: 'schema-registry', json: false, quiet: false },
  ...{ bootstrapServers: 'k1:9092,k2:9092', to: ['/b/schemas'], every: '15m', restPort: '8083' },
  reportTopic: 'schema-backups',
};

describe('schemas backup --every', () => {
  it('keeps its state and its broker beside the first folder, unless told', () => {
    expect(workerSettings({ ...OPTIONS, to: ['git:/g', '/b/schemas', '/c'] })).toMatchObject({
      'bootstrap.servers': 'embedded:/b/schemas.state/broker',
      'offset.storage.file.filename': '/b/schemas.state/connect.offsets',
      listeners: 'http://127.0.0.1:8083',
    });
    expect(
      workerSettings({ ...OPTIONS, to: ['git:/g'], state: '/s', reportServers: 'k3:9092', restPort: '0' }),
    ).toMatchObject({
      'bootstrap.servers': 'k3:9092',
      'offset.storage.file.filename': '/s/connect.offsets',
      listeners: 'http://127.0.0.1:0',
    });
    expect(() => workerSettings({ ...OPTIONS, to: ['git:/g'] })).toThrow(UsageError);
    expect(() => workerSettings({ ...OPTIONS, restPort: '99999' })).toThrow(UsageError);
  });

  it('gives the connector all of it, in settings that it knows', () => {
    const settings = connectorSettings({
      ...OPTIONS,
      ...{
        to: ['/b/schemas', 'kafka:copy@k1:9092,k2:9092'],
        keep: 'last=3',
        registry: 'http://r:1',
        gitPush: 'origin',
      },
    });
    expect(settings).toMatchObject({
      'backup.interval.ms': '900000',
      targets: '/b/schemas,kafka:copy@k1:9092,k2:9092',
      'registry.urls': 'http://r:1',
      keep: 'last=3',
    });
    expect(SCHEMA_BACKUP_CONFIG.validate(settings).flatMap(({ errorMessages }) => errorMessages)).toEqual([]);
    expect(SCHEMA_BACKUP_CONFIG.unusedKeys(settings)).toEqual(['name', 'connector.class', 'tasks.max']);
    const odd = ['/a,b', 'git:/c%2C,%25d'];
    expect(schemaBackupSettings(connectorSettings({ ...OPTIONS, to: odd })).targets).toEqual([
      { kind: 'folder', path: '/a,b' },
      { kind: 'git', path: '/c%2C,%25d', commit: undefined },
    ]);
    const { bootstrapServers: _, ...without } = OPTIONS;
    expect(() => connectorSettings(without)).toThrow('--bootstrap-servers');
  });

  it('uses the settings of --command-config for every Kafka, and those of --target-config for copies', () => {
    const kafka = { 'security.protocol': 'SSL', 'bootstrap.servers': 'elsewhere:1' };
    const settings = { ...clientSettings(kafka, kafka, {}), ...connectorSettings(OPTIONS) };
    expect(schemaBackupSettings(settings)).toMatchObject({
      servers: 'k1:9092,k2:9092',
      source: { 'security.protocol': 'SSL' },
      target: { 'security.protocol': 'SSL' },
    });
    const other = { 'security.protocol': 'SASL_SSL' };
    expect(schemaBackupSettings({ ...clientSettings(kafka, other, {}), ...connectorSettings(OPTIONS) })).toMatchObject({
      source: { 'security.protocol': 'SSL' },
      target: { 'security.protocol': 'SASL_SSL' },
    });
    expect(reportClients(OPTIONS, kafka)).toEqual({});
    expect(reportClients({ ...OPTIONS, reportServers: 'k3:1' }, kafka)).toEqual({
      ...{ 'security.protocol': 'SSL', 'producer.security.protocol': 'SSL', 'admin.security.protocol': 'SSL' },
    });
  });

  it.each([['--full'], ['--from', 'registry'], ['--from-store', '/stores']])(
    'is refused with %s, as a worker does not take it',
    async (...flags) => {
      const schemas = new Command('schemas').exitOverride();
      addBackup(schemas);
      const words = [
        'backup',
        '--to',
        join(tempDir('every'), 'b'),
        '--bootstrap-servers',
        'k:1',
        '--every',
        '15m',
        ...flags,
      ];
      await expect(schemas.parseAsync(words, { from: 'user' })).rejects.toThrow(
        new UsageError('--every goes with none of --full, --from and --from-store.'),
      );
    },
  );

  it('is refused with a --target-config that is of no servers', async () => {
    const targetConfig = join(tempDir('target-config'), 'client.properties');
    await writeFile(targetConfig, 'security.protocol=SSL\n');
    const to = [join(tempDir('every'), 'b'), 'kafka:named@k:1', 'kafka:copy'];
    await expect(backupEvery({ ...OPTIONS, to, targetConfig })).rejects.toThrow(
      new UsageError('With --every and --target-config, name the servers of kafka:copy as well: @host:port.'),
    );
  });

  it('reads times', () => {
    expect(['90s', '15m', '6h', '1d'].map((text) => parseDuration('--every', text))).toEqual([
      90_000, 900_000, 21_600_000, 86_400_000,
    ]);
    for (const text of ['', '0s', '5', '1w', '-1h', '1.5h']) {
      expect(() => parseDuration('--every', text)).toThrow(UsageError);
    }
  });
});
