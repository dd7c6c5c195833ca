/** Requests to the REST API as no client should send them, from a seeded generator: mutated, nested, huge, raw, oddly encoded. */
export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

type Random = () => number;

const STATES = ['RUNNING', 'STOPPED', 'PAUSED', 'stopped', 'NOPE', '', 1, null];
const KEYS = [
  ...['name', 'connector.class', 'topic', 'topics', 'topics.regex', 'file', 'tasks.max', 'tasks.max.enforce'],
  ...['key.converter', 'value.converter', 'header.converter', 'value.converter.schemas.enable', 'transforms'],
  ...['transforms.a.type', 'transforms.a.predicate', 'transforms.a.negate', 'predicates', 'predicates.p.type'],
  ...['errors.tolerance', 'errors.retry.timeout', 'errors.deadletterqueue.topic.name', 'topic.creation.groups'],
  ...['topic.creation.default.partitions', 'topic.creation.default.replication.factor', 'exactly.once.support'],
  ...['connector.plugin.version', 'config.action.reload', 'producer.override.acks', 'consumer.override.group.id'],
  ...[
    'batch.size',
    '',
    ' ',
    '__proto__',
    'constructor',
    'toString',
    'a.b.c',
    '\u0000',
    '\u00fc\u{1f600}',
    '${env:HOME}',
  ],
];
const TEXTS = [
  ...['FileStreamSource', 'FileStreamSink', 'org.apache.kafka.connect.file.FileStreamSourceConnector', 'Nope', 'a'],
  ...[
    'java.lang.String',
    'org.apache.kafka.connect.json.JsonConverter',
    'StringConverter',
    '1',
    '0',
    '-1',
    '2147483648',
  ],
  ...['9223372036854775808', '1e3', 'NaN', 'true', 'maybe', '[', '(?<', '.*', 'a,b', 'a,a', ',', '${file:/x:y}', '${'],
  ...['\u0000', '\u0001\u007f', '\ud800', '\u{1f600}', ' ', '', '../../etc/passwd', "'; --", '%00', 'all', 'none'],
  ...['org.apache.kafka.connect.transforms.InsertField$Value', 'org.apache.kafka.connect.transforms.Cast$Key'],
];
const NAMES = ['fuzz', 'fuzz-1', 'fuzz 2', 'missing', 'f\u00fczz', '__proto__', 'constructor', 'a'.repeat(300)];
const SEGMENTS = [
  '%20',
  '%ZZ',
  '%',
  '%2F',
  '%00',
  '..',
  '.',
  '%2e%2e',
  '%C3',
  '\u00fc',
  '//',
  '%25',
  '%F0%9F%98%80',
  ';a=b',
];
const PATHS = [
  ...['/', '/health', '/connectors', '/connectors', '/connectors', '/connectors/{c}', '/connectors/{c}/config'],
  ...['/connectors/{c}/config', '/connectors/{c}/status', '/connectors/{c}/tasks', '/connectors/{c}/tasks/{n}/status'],
  ...[
    '/connectors/{c}/tasks/{n}/restart',
    '/connectors/{c}/restart',
    '/connectors/{c}/pause',
    '/connectors/{c}/resume',
  ],
  ...['/connectors/{c}/stop', '/connectors/{c}/topics', '/connectors/{c}/topics/reset', '/connectors/{c}/offsets'],
  ...['/connectors/{c}/offsets', '/connector-plugins', '/connector-plugins/{p}/config', '/admin/loggers'],
  ...['/connector-plugins/FileStreamSource/config/validate', '/connector-plugins/{p}/config/validate'],
  ...['/admin/loggers/{l}', '/connectors/{c}/fence', '/nope'],
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const QUERIES = [
  'expand=status',
  'expand=info&expand=nope',
  'includeTasks=true',
  'onlyFailed=%',
  'a=%ZZ',
  '?',
  '&&=',
  'scope=x',
];
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'application/xml',
  '',
  '*/*',
  'json',
];

/** The next one. Its connectors' names all start with `prefix`. */
export function fuzzedRequest(random: Random, prefix: string): FuzzedRequest {
  const method = random() < 0.6 ? pick(random, ['POST', 'PUT', 'PATCH', 'DELETE']) : pick(random, METHODS);
  const path = random() < 0.35 && method === 'POST' ? '/connectors' : pathOf(random, prefix);
  const body = ['GET', 'HEAD', 'OPTIONS'].includes(method) && random() < 0.9 ? null : bodyOf(random, path, prefix);
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== null) headers['content-type'] = 'application/json';
  if (random() < 0.1) headers['content-type'] = pick(random, TYPES);
  if (random() < 0.1) headers['accept'] = pick(random, TYPES);
  if (random() < 0.03) headers['content-encoding'] = pick(random, ['gzip', 'identity', 'br']);
  if (random() < 0.03) headers['x-connect-authorization'] = 'AAAA';
  if (random() < 0.03) headers['authorization'] = pick(random, ['Basic !!', 'Basic', 'Bearer x', '\u00ff']);
  if (random() < 0.03) headers['x-long'] = 'x'.repeat(4_000);
  return { method, path, headers, body };
}

function pathOf(random: Random, prefix: string): string {
  const name = random() < 0.1 ? pick(random, SEGMENTS) : encodeURIComponent(`${prefix}${pick(random, NAMES)}`);
  let path = pick(random, PATHS)
    .replace('{c}', name)
    .replace('{n}', pick(random, ['0', '1', '-1', 'x', '99999999999', '0x0', '']))
    .replace(
      '{p}',
      encodeURIComponent(
        pick(
          random,
          TEXTS.filter((text) => text !== '\ud800'),
        ),
      ),
    )
    .replace('{l}', pick(random, ['fuzz.logger', 'fuzz', '%20', '__proto__']));
  if (random() < 0.03) path += pick(random, SEGMENTS);
  if (random() < 0.15) path += `?${pick(random, QUERIES)}`;
  // What is no ASCII can't stand in a request line.
  return path.replace(/[^\x21-\x7e]/g, encodeURIComponent);
}

function bodyOf(random: Random, path: string, prefix: string): Buffer | null {
  const kind = random();
  if (kind < 0.06) return null;
  if (kind < 0.12) return Buffer.from(Uint8Array.from({ length: 1 + Math.floor(random() * 60) }, () => random() * 256));
  if (kind < 0.14) return Buffer.from('['.repeat(20_000));
  if (kind < 0.15) return Buffer.from(`{"name":"${prefix}a","config":{"x":"${'y'.repeat(300_000)}"}}`);
  const text = JSON.stringify(jsonOf(random, path, prefix));
  if (kind < 0.25) return mutated(random, Buffer.from(text));
  if (kind < 0.28) return Buffer.from(text, 'utf16le');
  if (kind < 0.3) return Buffer.from(`\ufeff${text}`);
  return Buffer.from(text);
}

function jsonOf(random: Random, path: string, prefix: string): unknown {
  if (random() < 0.1) return anything(random, 3);
  if (path.includes('/offsets')) {
    const element = (): unknown =>
      random() < 0.2 ? anything(random, 2) : { partition: anything(random, 1), offset: anything(random, 1) };
    return {
      offsets: random() < 0.1 ? anything(random, 2) : Array.from({ length: Math.floor(random() * 3) }, element),
    };
  }
  if (path.includes('/admin/'))
    return random() < 0.5 ? { level: pick(random, ['DEBUG', 'INFO', 'loud', 7]) } : anything(random, 2);
  const config = configOf(random, prefix);
  if (!/^\/connectors\/?(\?|$)/.test(path)) return config;
  const request: Record<string, unknown> = { name: `${prefix}${pick(random, NAMES)}`, config };
  // Most come stopped: what is tried are the requests, not thousands of connectors at work.
  request['initial_state'] = random() < 0.8 ? 'STOPPED' : pick(random, STATES);
  if (random() < 0.1) request[pick(random, KEYS)] = anything(random, 2);
  if (random() < 0.1) delete request[pick(random, ['name', 'config', 'initial_state'])];
  return request;
}

function configOf(random: Random, prefix: string): unknown {
  if (random() < 0.05) return anything(random, 2);
  const config: Record<string, unknown> = {
    'connector.class': 'FileStreamSource',
    topic: `${prefix}topic`,
    file: '/nope',
  };
  const changes = Math.floor(random() * 4);
  for (let i = 0; i < changes; i++) {
    // Own, whatever the key is called.
    Object.defineProperty(config, pick(random, KEYS), {
      value: random() < 0.8 ? pick(random, TEXTS) : anything(random, 1),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  if (random() < 0.1) delete config[pick(random, ['connector.class', 'topic'])];
  return config;
}

function anything(random: Random, depth: number): unknown {
  const kind = Math.floor(random() * (depth > 0 ? 9 : 7));
  const scalars = [null, true, -1, Number.MAX_VALUE, 2 ** 60, 0.1, pick(random, TEXTS)];
  if (kind < 7) return scalars[kind];
  const size = Math.floor(random() * 4);
  if (kind === 7) return Array.from({ length: size }, () => anything(random, depth - 1));
  return Object.fromEntries(Array.from({ length: size }, () => [pick(random, KEYS), anything(random, depth - 1)]));
}

function mutated(random: Random, bytes: Buffer): Buffer {
  const changed = Buffer.from(bytes);
  for (let i = 0; i < 1 + random() * 3; i++)
    changed[Math.floor(random() * changed.length)] = Math.floor(random() * 256);
  return random() < 0.3 ? changed.subarray(0, Math.floor(random() * changed.length)) : changed;
}

function pick<T>(random: Random, from: readonly T[]): T {
  const picked = from[Math.floor(random() * from.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}
