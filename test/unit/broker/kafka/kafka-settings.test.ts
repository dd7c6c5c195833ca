import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ClientKind } from '../../../../src/broker/kafka/client-config-def.ts';
import { parseKafkaSettings } from '../../../../src/broker/kafka/kafka-settings.ts';
import type { ClientSettings } from '../../../../src/broker/ports.ts';
import { recordingLogger, silentLogger } from '../../../../src/foundation/logger.ts';
import { ConfigError } from '../../../../src/sdk/errors/index.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { createTlsMaterial } from '../../../support/tls.ts';

function parse(settings: ClientSettings, kind: ClientKind = 'producer') {
  const { logger, lines } = recordingLogger();
  return { ...parseKafkaSettings(settings, { kind, bootstrapServers: 'kafka:9092', logger }), lines };
}

function problemsOf(settings: ClientSettings, kind: ClientKind = 'producer'): Record<string, string> {
  try {
    parse(settings, kind);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'holdfast.broker.settings' });
    return Object.fromEntries((error as ConfigError).problems.map(({ key, message }) => [key, message]));
  }
  return {};
}

describe('settings of Kafka clients', () => {
  it('have defaults that never give a record up', () => {
    const { producer, cluster, group, fetcher, lines } = parse({});
    expect(producer).toMatchObject({
      deliveryTimeoutMs: Infinity,
      maxBlockMs: Infinity,
      maxInFlight: 5,
      compression: 'none',
    });
    expect(cluster.bootstrapServers).toEqual([{ host: 'kafka', port: 9092 }]);
    expect(cluster.connection).toMatchObject({ tls: null, sasl: null });
    expect(group).toMatchObject({ sessionTimeoutMs: 45_000, heartbeatIntervalMs: 3_000, assignors: ['range'] });
    expect(fetcher).toMatchObject({ offsetReset: 'latest', readCommitted: false, checkCrcs: true });
    expect(lines).toEqual([]);
  });

  it("take Kafka's largest values for no limit", () => {
    const { producer } = parse({ 'delivery.timeout.ms': '2147483647', 'max.block.ms': '9223372036854775807' });
    expect(producer).toMatchObject({ deliveryTimeoutMs: Infinity, maxBlockMs: Infinity });
  });

  it('read lists of servers, with names of listeners and IPv6', () => {
    const { cluster } = parse({ 'bootstrap.servers': 'a:1, PLAINTEXT://b:2,[::1]:3,' });
    expect(cluster.bootstrapServers).toEqual([
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
      { host: '::1', port: 3 },
    ]);
    expect(problemsOf({ 'bootstrap.servers': 'nowhere' })['bootstrap.servers']).toContain("'nowhere'");
  });

  it('warn where a guarantee is stronger than what is asked for', () => {
    const { producer, lines } = parse({ acks: '1', 'max.in.flight.requests.per.connection': '20' });
    expect(producer.maxInFlight).toBe(5);
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
  });

  it('are all checked before anything is said', () => {
    const problems = problemsOf({
      acks: 'many',
      'linger.ms': 'soon',
      'batch.size': '-1',
      'compression.type': 'zip',
      'check.crcs': 'perhaps',
      'heartbeat.interval.ms': '50000',
      'partition.assignment.strategy': 'com.example.OwnAssignor',
    });
    expect(problems['linger.ms']).toBe('Invalid value soon for configuration linger.ms: Not a number of type LONG');
    expect(problems['batch.size']).toBe('Invalid value -1 for configuration batch.size: Value must be at least 0');
    expect(Object.keys(problemsOf({ 'auto.offset.reset': 'middle' }, 'consumer'))).toEqual(['auto.offset.reset']);
    expect(Object.keys(problems).sort()).toEqual([
      'acks',
      'batch.size',
      'check.crcs',
      'compression.type',
      'heartbeat.interval.ms',
      'linger.ms',
      'partition.assignment.strategy',
    ]);
  });

  it("take Kafka's class names of assignors, pass over the sticky ones beside another, and assign by range for want of one", () => {
    const prefix = 'org.apache.kafka.clients.consumer';
    const group = (strategy: string) => parse({ 'partition.assignment.strategy': strategy }).group;
    expect(
      group(`${prefix}.RoundRobinAssignor,${prefix}.RangeAssignor,${prefix}.CooperativeStickyAssignor`),
    ).toMatchObject({ assignors: ['roundrobin', 'range'], replacedAssignors: [] });
    for (const sticky of [`${prefix}.CooperativeStickyAssignor`, `${prefix}.StickyAssignor`]) {
      expect(group(sticky)).toMatchObject({ assignors: ['range'], replacedAssignors: [sticky] });
    }
  });

  it('never quote a secret in what is wrong with it', () => {
    const secret = 'hunter2';
    const sasl = { 'security.protocol': 'SASL_SSL', 'sasl.mechanism': 'PLAIN' };
    for (const jaas of [
      `M required password=${secret}`,
      `M required username="u" password="${secret}";`,
      `${secret}`,
    ]) {
      const problems = problemsOf({ ...sasl, 'sasl.jaas.config': jaas });
      expect(problems).toHaveProperty(['sasl.jaas.config']);
      expect(JSON.stringify(problems)).not.toContain(secret);
    }
    expect(problemsOf({ 'security.protocol': 'SASL_PLAINTEXT' })).toHaveProperty(['sasl.mechanism']);
  });
});

describe('ssl. settings', () => {
  const dir = tempDir('ssl');
  const tls = createTlsMaterial(dir);
  const ssl = { 'security.protocol': 'SSL' };
  const tlsOf = (settings: ClientSettings) => parse({ ...ssl, ...settings }).cluster.connection.tls;

  it('trust what the system trusts, TLS 1.2 and 1.3, and check host names, unless told', () => {
    expect(tlsOf({})).toEqual({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
    const options = tlsOf({
      'ssl.endpoint.identification.algorithm': '',
      'ssl.enabled.protocols': 'TLSv1.3',
      'ssl.cipher.suites': 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256',
    });
    expect(options).toMatchObject({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' });
    expect(options?.ciphers).toBe('ECDHE-RSA-AES256-GCM-SHA384:TLS_AES_128_GCM_SHA256');
    expect(options?.checkServerIdentity?.('wrong', {} as never)).toBeUndefined();
  });

  it('take PEM inline, also on one line', () => {
    const oneLine = tls.ca.trim().replaceAll('\n', ' ');
    const options = tlsOf({
      'ssl.truststore.certificates': oneLine,
      'ssl.keystore.key': tls.client.key,
      'ssl.keystore.certificate.chain': tls.client.cert,
      'ssl.key.password': 'p',
    });
    expect(String(options?.ca).replace(/\s/g, '')).toBe(tls.ca.replace(/\s/g, ''));
    expect(options).toMatchObject({ key: tls.client.key, cert: tls.client.cert, passphrase: 'p' });
  });

  it('take PEM files, and recognise them without a type', () => {
    const keystore = join(dir, 'store');
    writeFileSync(keystore, `${tls.client.cert}\n${tls.client.key}`);
    const options = tlsOf({ 'ssl.keystore.location': keystore, 'ssl.truststore.location': tls.caFile });
    expect(String(options?.key)).toContain('PRIVATE KEY');
    expect(String(options?.cert)).toContain('CERTIFICATE');
    expect(options?.ca).toHaveLength(1);
  });

  it('hand PKCS12 keystores to Node', () => {
    const store = join(dir, 'store.p12');
    const args = ['pkcs12', '-export', '-in', tls.clientCertFile, '-inkey', tls.clientKeyFile, '-certfile', tls.caFile];
    execFileSync('openssl', [...args, '-out', store, '-passout', 'pass:p-4-store'], { stdio: 'ignore' });
    const own = { 'ssl.keystore.location': store, 'ssl.keystore.type': 'PKCS12' };
    const options = tlsOf({
      ...own,
      'ssl.keystore.password': 'p-4-store',
      'ssl.truststore.location': store,
      'ssl.truststore.password': 'p-4-store',
    });
    expect(options).toMatchObject({ pfx: readFileSync(store), passphrase: 'p-4-store' });
    expect(options?.ca).toHaveLength(2);
    const problems = problemsOf({ ...ssl, ...own, 'ssl.keystore.password': 'wrong', 'ssl.truststore.location': store });
    expect(problems['ssl.keystore.password']).toContain('is not the password of the key store');
    expect(problems['ssl.truststore.password']).toContain('is not the password of');
  });

  it('name a truststore that is no PKCS12 store, and keys that do not belong together', () => {
    const store = join(dir, 'broken.p12');
    writeFileSync(store, Buffer.from([0x30, 0x82, 1, 2]));
    const problems = problemsOf({
      ...ssl,
      'ssl.truststore.location': store,
      'ssl.keystore.key': tls.client.key,
      'ssl.keystore.certificate.chain': tls.server.cert,
    });
    expect(problems['ssl.truststore.location']).toContain('no PKCS12 store, or not whole');
    expect(problems['ssl.keystore.key']).toContain('belong together');
    expect(problemsOf({ ...ssl, 'ssl.protocol': 'SSLv3' })).toHaveProperty(['ssl.protocol']);
    expect(tlsOf({ 'ssl.protocol': 'TLSv1.2' })).toMatchObject({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' });
  });

  it('say how to convert a JKS file', () => {
    const store = join(dir, 'store.jks');
    writeFileSync(store, Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]));
    const problems = problemsOf({ ...ssl, 'ssl.keystore.location': store, 'ssl.truststore.location': store });
    expect(problems['ssl.keystore.type']).toContain('keytool -importkeystore');
    expect(problems['ssl.truststore.type']).toContain('-destkeystore truststore.p12');
  });

  it('name settings as they are written', () => {
    const store = join(dir, 'written.jks');
    writeFileSync(store, Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]));
    const written = {
      'ssl.keystore.location': 'producer.override.ssl.keystore.location',
      'ssl.truststore.location': 'producer.ssl.truststore.location',
    };
    const parse = () =>
      parseKafkaSettings(
        { ...ssl, 'ssl.keystore.location': store, 'ssl.truststore.location': '/missing' },
        { kind: 'producer', bootstrapServers: 'a:1', logger: silentLogger, written },
      );
    expect(parse).toThrow(
      'set producer.override.ssl.keystore.location=keystore.p12 and producer.override.ssl.keystore.type=PKCS12',
    );
    expect(parse).toThrow("; producer.ssl.truststore.location names a file that can't be read");
  });

  it('name what a message is about also where it names another setting', () => {
    const store = join(dir, 'written.jks');
    writeFileSync(store, Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2]));
    expect(() =>
      parseKafkaSettings(
        { ...ssl, 'ssl.truststore.location': store, 'ssl.truststore.type': 'PKCS12' },
        { kind: 'producer', bootstrapServers: 'a:1', logger: silentLogger, written: {} },
      ),
    ).toThrow(/^The settings of a Kafka client are wrong: ssl\.truststore\./);
  });

  it('name what is missing or can not be read', () => {
    const problems = problemsOf({
      ...ssl,
      'ssl.keystore.key': tls.client.key,
      'ssl.truststore.location': join(dir, 'absent'),
      'ssl.enabled.protocols': 'SSLv3',
      'ssl.endpoint.identification.algorithm': 'ldap',
    });
    expect(Object.keys(problems).sort()).toEqual([
      'ssl.enabled.protocols',
      'ssl.endpoint.identification.algorithm',
      'ssl.keystore.certificate.chain',
      'ssl.truststore.location',
    ]);
  });
});
