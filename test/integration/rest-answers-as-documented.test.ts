/** The OpenAPI document against a worker: every operation is asked, and each answer is one that the document describes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { DocumentedSchemas } from '../support/json-schemas.ts';
import { tempDir } from '../support/temp-dir.ts';

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const dir = tempDir('documented');
const asked = new Set<string>();
const mistakes: string[] = [];
let connect: EmbeddedConnect;
let document: Document;
let schemas: DocumentedSchemas;

beforeAll(async () => {
  writeFileSync(join(dir, 'in.txt'), 'one\ntwo\n');
  connect = await EmbeddedConnect.start({ dir, settings: { 'schema.registry.url': 'http://127.0.0.1:9' } });
  document = (await connect.request('GET', '/holdfast/openapi.json')).body as Document;
  schemas = new DocumentedSchemas(document);
}, 60_000);

afterAll(() => connect?.stop());

function templateOf(path: string): string {
  const [bare = ''] = path.split('?', 1);
  const templates = Object.keys(document.paths).filter((template) =>
    new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(bare),
  );
  // `/registries/events` before `/registries/{registry}`.
  return templates.sort((a, b) => a.split('{').length - b.split('{').length)[0] ?? bare;
}

/** Asks, and notes whatever the document does not say. */
async function ask(method: string, path: string, body?: unknown): Promise<number> {
  const template = templateOf(path);
  asked.add(`${method} ${template}`);
  const end = new AbortController();
  const answer = await fetch(`${connect.url}${path}`, {
    method,
    signal: end.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const isStream = (answer.headers.get('content-type') ?? '').startsWith('text/event-stream');
  const text = isStream ? 'an event' : await answer.text();
  if (isStream) end.abort();
  const where = `${method} ${path}: ${answer.status}`;
  const operation = document.paths[template]?.[method.toLowerCase()];
  const documented = operation?.responses[String(answer.status)];
  if (operation === undefined || documented === undefined) {
    mistakes.push(`${where} is not documented: ${text.slice(0, 200)}`);
    return answer.status;
  }
  if (body !== undefined && answer.status < 400) {
    const wanted = operation.requestBody?.content['application/json']?.schema;
    const found = wanted === undefined ? ['no body is documented'] : schemas.mistakesOf(wanted, body);
    mistakes.push(...found.map((mistake) => `${where}, its body: ${mistake}`));
  }
  const [[type, content] = []] = Object.entries(documented.content ?? {});
  if (content === undefined || type === undefined) {
    if (text !== '') mistakes.push(`${where} has a body: ${text.slice(0, 200)}`);
    return answer.status;
  }
  const given = answer.headers.get('content-type') ?? '';
  if (!given.startsWith(type)) mistakes.push(`${where} is of type ${given}, and not ${type}`);
  const value: unknown = type === 'application/json' && text !== '' ? JSON.parse(text) : text;
  mistakes.push(...schemas.mistakesOf(content.schema, value).map((mistake) => `${where}: ${mistake}`));
  return answer.status;
}

const source = (more: Record<string, string> = {}) => ({
  'connector.class': 'FileStreamSource',
  topic: 'lines',
  file: join(dir, 'in.txt'),
  ...more,
});

describe('the OpenAPI document', () => {
  it('describes what the worker answers, to every operation', async () => {
    for (const path of [
      '/',
      '/health',
      '/connectors',
      '/connector-plugins?connectorsOnly=false',
      '/connector-plugins',
    ]) {
      expect(await ask('GET', path)).toBe(200);
    }
    for (const path of ['/admin/loggers', '/metrics', '/holdfast/openapi.json', '/registries', '/registries/events']) {
      expect(await ask('GET', path)).toBe(200);
    }
    // Connectors: made, changed, seen.
    expect(await ask('POST', '/connectors', { name: 'a', config: source(), initial_state: 'running' })).toBe(201);
    expect(await ask('POST', '/connectors', { name: 'a', config: source() })).toBe(409);
    expect(await ask('POST', '/connectors', { name: 'b', config: { 'connector.class': 'Nope' } })).toBe(400);
    expect(await ask('POST', '/connectors', { name: 'b', config: source({ 'tasks.max': '0' }) })).toBe(400);
    expect(await ask('PUT', '/connectors/a/config', source({ 'tasks.max': '1' }))).toBe(200);
    const sink = { 'connector.class': 'FileStreamSink', topics: 'lines', file: join(dir, 'out.txt') };
    const failing = { ...sink, 'value.converter': 'org.apache.kafka.connect.converters.LongConverter' };
    expect(await ask('PUT', '/connectors/sink/config', failing)).toBe(201);
    const avro = 'io.confluent.connect.avro.AvroConverter';
    const producer = source({ topic: 'other', 'value.converter': avro });
    expect(await ask('PUT', '/connectors/parked/config', producer)).toBe(201);
    expect(await ask('PATCH', '/connectors/a/config', { 'batch.size': '10', 'tasks.max': null })).toBe(200);
    expect(await ask('PATCH', '/connectors/nobody/config', {})).toBe(404);
    await connect.waitForTasks('sink', 'FAILED');
    await connect.waitFor('the parked task', async () => (await connect.status('parked')).tasks[0]?.parked != null);
    for (const name of ['a', 'sink', 'parked', 'nobody']) {
      for (const path of ['', '/config', '/status', '/tasks', '/tasks/0/status', '/topics', '/offsets']) {
        await ask('GET', `/connectors/${name}${path}`);
      }
    }
    for (const path of ['/connectors?expand=status', '/connectors?expand=info&expand=status']) await ask('GET', path);
    expect(await ask('GET', '/registries')).toBe(200);
    const [registry] = (await connect.request('GET', '/registries')).body as readonly { readonly id: string }[];
    expect(await ask('GET', `/registries/${registry?.id}`)).toBe(200);
    expect(await ask('GET', '/registries/none')).toBe(404);
    expect(await ask('POST', `/registries/${registry?.id}/probe`)).toBe(202);
    const skipped = { topic: 'lines', partition: 0, offset: 0 };
    expect(await ask('POST', '/connectors/a/tasks/0/parked/skip', skipped)).toBeGreaterThanOrEqual(400);
    // Operations.
    for (const name of ['a', 'nobody']) {
      await ask('PUT', `/connectors/${name}/pause`);
      await ask('PUT', `/connectors/${name}/resume`);
      await ask('POST', `/connectors/${name}/restart`);
      await ask('POST', `/connectors/${name}/restart?includeTasks=true`);
      await ask('POST', `/connectors/${name}/tasks/0/restart`);
      await ask('PUT', `/connectors/${name}/topics/reset`);
      await ask('DELETE', `/connectors/${name}/offsets`);
      await ask('PUT', `/connectors/${name}/stop`);
      const offset = { partition: { filename: join(dir, 'in.txt') }, offset: { position: 0 } };
      await ask('PATCH', `/connectors/${name}/offsets`, { offsets: [offset] });
      await ask('DELETE', `/connectors/${name}/offsets`);
      await ask('DELETE', `/connectors/${name}`);
    }
    // Plugins and loggers.
    for (const name of ['FileStreamSource', 'org.apache.kafka.connect.transforms.Filter', 'Nope']) {
      await ask('GET', `/connector-plugins/${name}/config`);
    }
    expect(await ask('PUT', '/connector-plugins/FileStreamSource/config/validate', source({ name: 'v' }))).toBe(200);
    await ask('PUT', '/connector-plugins/FileStreamSource/config/validate', {});
    await ask('PUT', '/admin/loggers/a.b', { level: 'debug' });
    await ask('PUT', '/admin/loggers/a.b?scope=cluster', { level: 'debug' });
    await ask('PUT', '/admin/loggers/a.b', { level: 'loud' });
    await ask('GET', '/admin/loggers/a.b');
    await ask('GET', '/admin/loggers/none');
    expect(mistakes).toEqual([]);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.filter((operation) => !asked.has(operation))).toEqual([]);
  }, 60_000);
});
