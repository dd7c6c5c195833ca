/** docker-compose.yml, without an engine: what it names exists, and the worker understands what it is told. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readConnectorFile } from '../../../src/cli/connector-file.ts';
import { settingsFromEnvironment } from '../../../src/cli/environment-settings.ts';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import { withPrefix } from '../../../src/runtime/config/with-prefix.ts';
import { parseWorkerConfig } from '../../../src/runtime/config/worker-config.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[]; readonly interval: string; readonly retries: number };
  readonly stop_grace_period?: string;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** Host and port of what is listened at inside the network. */
function listeners(): Set<string> {
  const kafka = [
    ...(service('kafka').environment['KAFKA_ADVERTISED_LISTENERS'] ?? '').matchAll(/INTERNAL:\/\/([^,]+)/g),
  ];
  const registries = services
    .filter(([name]) => name.startsWith('registry-'))
    .map(([, { environment }]) => {
      const port = /:(\d+)$/.exec(environment['SCHEMA_REGISTRY_LISTENERS'] ?? '')?.[1];
      return `${environment['SCHEMA_REGISTRY_HOST_NAME']}:${port}`;
    });
  return new Set([...kafka.map(([, address = '']) => address), ...registries]);
}

describe('docker-compose.yml', () => {
  test('has Kafka, two registries and a worker built from this folder', () => {
    expect(Object.keys(compose.services)).toEqual(['kafka', 'registry-1', 'registry-2', 'worker']);
    expect(service('kafka').image).toBe('apache/kafka:4.1.1');
    expect(service('registry-1').image).toBe(service('registry-2').image);
    expect(service('worker').build).toBe('.');
    expect(existsSync(join(root, 'Dockerfile'))).toBe(true);
    for (const [name, { image }] of services) if (image !== undefined) expect(image, name).toMatch(/:\d+\.\d+\.\d+$/);
  });

  test('starts each after what it needs is healthy', () => {
    const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
    for (const [name, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(condition, `${name} -> ${other}`).toBe('service_healthy');
        const { healthcheck } = service(other);
        expect(healthcheck?.test[0], other).toBe('CMD');
        expect(healthcheck?.retries, other).toBeGreaterThan(0);
      }
    }
    expect(Object.keys(service('worker').depends_on ?? {})).toEqual(['kafka', 'registry-1', 'registry-2']);
    expect(service('worker').healthcheck).toBeUndefined();
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
  });

  test('mounts what exists', () => {
    for (const [name, { volumes = [] }] of services) {
      for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
        const known = source.startsWith('.') ? existsSync(join(root, source)) : Object.hasOwn(compose.volumes, source);
        expect(known, `${name}: ${source}`).toBe(true);
      }
    }
    const used = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]));
    for (const name of Object.keys(compose.volumes)) expect(used).toContain(name);
  });

  test('gives each variable as text, and offers ports to this machine alone', () => {
    for (const [name, { environment, ports = [] }] of services) {
      for (const [variable, value] of Object.entries(environment))
        expect(typeof value, `${name}: ${variable}`).toBe('string');
      for (const port of ports) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    }
    const hostPorts = services.flatMap(([, { ports = [] }]) => ports.map((port) => port.split(':')[1]));
    expect(new Set(hostPorts).size).toBe(hostPorts.length);
  });

  test('sets up the worker by variables that all have an effect', () => {
    const settings = settingsFromEnvironment(service('worker').environment);
    const config = parseWorkerConfig(settings);
    expect(config.unknown).toEqual([]);
    expect(config.withoutEffect).toEqual({});
    const converter = withPrefix(settings, 'value.converter.');
    expect(REGISTRY_CONFIG.unusedKeys(converter)).toEqual([]);
    const registry = REGISTRY_CONFIG.parse(converter);
    const addresses = [
      ...config.values['bootstrap.servers'],
      ...registry['schema.registry.url'].map((url) => new URL(url).host),
    ];
    expect(addresses.length).toBe(3);
    for (const address of addresses) expect(listeners()).toContain(address);
  });

  test('mounts connectors that can be read', async () => {
    const folder = join(root, 'docker/connectors');
    const mounted = (service('worker').volumes ?? []).map((volume) => volume.split(':'));
    expect(mounted).toContainEqual(['./docker/connectors', '/etc/holdfast/connectors', 'ro']);
    const orders = await Promise.all(
      ['1-orders-source.properties', '2-orders-sink.properties'].map((name) => readConnectorFile(join(folder, name))),
    );
    const [source, sink] = orders;
    expect(source?.config['kafka.topic']).toBe(sink?.config['topics']);
    // The worker's user writes nowhere else.
    expect(sink?.config['file']).toMatch(/^\/var\/lib\/holdfast\//);
  });

  test('waits for a graceful stop', () => {
    expect(service('worker').stop_grace_period).toBe('30s');
  });
});
