import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorAnswer, type ScriptedFault, ScriptedRegistry } from '../../../src/testing/index.ts';
import { AvroBench, framed, sequenceSchema, tolerating } from '../../support/avro-pipelines.ts';
import { HttpProxy } from '../../support/http-proxy.ts';
import { OAuthServer } from '../../support/oauth-server.ts';
import { freePorts } from '../../support/ports.ts';
import { createTopic, produce } from '../../support/topic-content.ts';

const SECRET = 'h0ld-f4st-s3cr3t';
/** What every token of the OAuth server begins with. */
const TOKEN = 't0k3n-';
const AVRO = 'io.confluent.connect.avro.AvroConverter';

const faults: readonly ScriptedFault[] = [
  { kind: 'pass' },
  errorAnswer(401, 40101, 'Unauthorized'),
  errorAnswer(500, 50001, 'down'),
  { kind: 'answer', status: 404, body: '<html>another answer than a registry gives</html>' },
  { kind: 'cut' },
  { kind: 'hang' },
];

let issuer: OAuthServer;
let refusing: OAuthServer;
let proxy: HttpProxy;
let folder: string;
let noStore: string;
beforeAll(async () => {
  issuer = await OAuthServer.start();
  refusing = await OAuthServer.start();
  refusing.reply = { status: 401, body: JSON.stringify({ error: 'invalid_client', error_description: SECRET }) };
  proxy = await HttpProxy.start();
  folder = mkdtempSync(join(tmpdir(), 'no-store-'));
  noStore = join(folder, 'key.p12');
  // The beginning of a PKCS12, and nothing more.
  writeFileSync(noStore, Buffer.from('3082000102', 'hex'));
});
afterAll(async () => {
  await Promise.all([issuer.stop(), refusing.stop(), proxy.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

type Place = (url: string) => Readonly<Record<string, string>>;
const places: Readonly<Record<string, Place>> = {
  'in the URL': (url) => ({ 'schema.registry.url': url.replace('//', `//alice:${SECRET}@`) }),
  'as user info': (url) => ({
    'schema.registry.url': url,
    'basic.auth.credentials.source': 'USER_INFO',
    'basic.auth.user.info': `alice:${SECRET}`,
  }),
  'as a token': (url) => ({ 'schema.registry.url': url, 'bearer.auth.token': SECRET }),
  'as a header': (url) => ({ 'schema.registry.url': url, 'request.header.X-Api-Key': SECRET }),
  'as the secret of an OAuth client': (url) => ({
    'schema.registry.url': url,
    'bearer.auth.credentials.source': 'OAUTHBEARER',
    'bearer.auth.issuer.endpoint.url': issuer.url,
    'bearer.auth.client.id': 'alice',
    'bearer.auth.client.secret': SECRET,
  }),
  'of an OAuth client that is refused': (url) => ({
    'schema.registry.url': url,
    'bearer.auth.credentials.source': 'OAUTHBEARER',
    'bearer.auth.issuer.endpoint.url': refusing.url,
    'bearer.auth.client.id': 'alice',
    'bearer.auth.client.secret': SECRET,
  }),
  'as the login to Kafka': (url) => ({
    'schema.registry.url': url,
    'basic.auth.credentials.source': 'SASL_INHERIT',
    'sasl.jaas.config': `PlainLoginModule required username="alice" password="${SECRET}";`,
  }),
  'as the password of a proxy': (url) => ({
    'schema.registry.url': url,
    ...proxy.settings,
    'proxy.user.info': `alice:${SECRET}`,
  }),
  'as the passwords of stores that are none': (url) => ({
    'schema.registry.url': url,
    'schema.registry.ssl.truststore.password': SECRET,
    'schema.registry.ssl.keystore.location': noStore,
    'schema.registry.ssl.keystore.password': SECRET,
    'schema.registry.ssl.key.password': SECRET,
  }),
};

interface Task {
  readonly state: string;
  readonly parked?: object;
}

/** Every fault in one worker for each place, as what matters is what is said. */
describe('invariant 8: a secret of the registry', () => {
  it.each(Object.entries(places))('shows in no log, status, trace or answer: %s', async (_, place) => {
    const registry = await ScriptedRegistry.start({ ports: await freePorts(1) });
    const id = await registry.register('topic-value', sequenceSchema('Topic'));
    const [url = ''] = registry.urls;
    const settings = Object.fromEntries(
      Object.entries(place(url)).map(([key, value]) => [`value.converter.${key}`, value]),
    );
    const bench = await AvroBench.start({ registryUrls: registry.urls, settings });
    try {
      await createTopic(bench.broker, 'topic', 1);
      await produce(bench.broker, 'topic', 0, [framed(id, sequenceSchema('Topic'), { seq: 0, text: '' })]);
      for (const [n, fault] of faults.entries()) {
        const rule = registry.script({ fault });
        for (const whose of ['worker', 'connector'] as const) {
          const [source, sink] = [`source-${whose}-${n}`, `sink-${whose}-${n}`];
          const own = whose === 'worker' ? {} : { 'value.converter': AVRO, ...settings };
          const more = { ...tolerating(n % 2 === 0 ? 'none' : 'all', 'dlq'), 'errors.log.enable': 'true', ...own };
          bench.feed(source, [0]);
          await bench.source(source, source, sequenceSchema(`New${n}`), more);
          await bench.sink(sink, 'topic', more);
          const isOver = ({ state, parked }: Task): boolean => state === 'FAILED' || parked !== undefined;
          await bench.connect.waitFor(`${source} to come to something`, async () => {
            const { tasks } = await bench.status(source);
            return tasks.some(isOver) || (await bench.topicLength(source)) > 0;
          });
          await bench.connect.waitFor(`${sink} to come to something`, async () => {
            const { tasks } = await bench.status(sink);
            return tasks.some(isOver) || bench.delivered(sink).length > 0;
          });
          // A connector's configuration is answered as it was given, as Kafka Connect does; the worker's is answered nowhere.
          const all = ['/connectors?expand=status', `/connectors/${sink}/tasks/0/status`, '/', '/health'];
          const given = [
            '/connectors?expand=info',
            ...[source, sink].flatMap((name) => [
              `/connectors/${name}`,
              `/connectors/${name}/config`,
              `/connectors/${name}/tasks`,
            ]),
          ];
          for (const path of whose === 'worker' && n === 0 ? [...all, ...given] : all) await bench.get(path);
        }
        rule.remove();
      }
      await bench.stopWorker();
      const kept = readdirSync(join(bench.dir, 'schema-store')).map((file) => join(bench.dir, 'schema-store', file));
      const said = [bench.everythingSaid, ...kept.map((file) => readFileSync(file, 'utf8'))].join('\n');
      expect(said.length).toBeGreaterThan(5_000);
      for (const secret of [SECRET, TOKEN, Buffer.from(`alice:${SECRET}`).toString('base64')]) {
        const at = said.indexOf(secret);
        expect(at < 0 ? '' : said.slice(Math.max(0, at - 500), at + 60)).toBe('');
      }
    } finally {
      await bench.stop();
      await registry.stop();
    }
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['in a URL that is none', { 'schema.registry.url': `ftp://alice:${SECRET}@127.0.0.1:1/` }],
    [
      'beside another mistake',
      {
        'schema.registry.url': 'mock://x',
        'basic.auth.credentials.source': 'USER_INFO',
        'basic.auth.user.info': SECRET,
      },
    ],
  ])('shows in no refusal of a worker or a connector: %s', async (_, place) => {
    const settings = Object.fromEntries(Object.entries(place).map(([key, value]) => [`value.converter.${key}`, value]));
    const registryUrls = ['http://127.0.0.1:1'];
    const refused: unknown = await AvroBench.start({ registryUrls, settings }).catch((error: unknown) => error);
    expect(inspect(refused)).toContain('value.converter.schema.registry.url: The URL is');
    expect(inspect(refused)).not.toContain(SECRET);
    const bench = await AvroBench.start({ registryUrls });
    try {
      const more = { 'value.converter': AVRO, ...settings };
      const source: unknown = await bench
        .source('source', 'source', sequenceSchema('New'), more)
        .catch((error: unknown) => error);
      expect(inspect(source)).toContain('value.converter.schema.registry.url: The URL is');
      await bench.stopWorker();
      expect(inspect(source) + bench.everythingSaid).not.toContain(SECRET);
    } finally {
      await bench.stop();
    }
  });
});
