/** Connectors, converters, transformations, predicates and config providers by full, short and package names, in one worker. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';

const CONNECT = 'org.apache.kafka.connect';
const PROVIDER = 'org.apache.kafka.common.config.provider.FileConfigProvider';
const dir = tempDir('names');
const file = join(dir, 'in.txt');
let connect: EmbeddedConnect;

beforeAll(async () => {
  writeFileSync(file, 'one\n');
  writeFileSync(join(dir, 'values.properties'), `file=${file}\n`);
  connect = await EmbeddedConnect.start({
    dir,
    settings: {
      'key.converter': 'holdfast#StringConverter',
      'value.converter': 'String',
      'header.converter': 'holdfast#Simple',
      'config.providers': 'full,simple,pruned,package',
      'config.providers.full.class': PROVIDER,
      'config.providers.simple.class': 'FileConfigProvider',
      'config.providers.pruned.class': 'File',
      'config.providers.package.class': 'holdfast#File',
    },
  });
});
afterAll(() => connect?.stop());

it.each([
  {
    by: 'full',
    names: {
      'connector.class': `${CONNECT}.file.FileStreamSourceConnector`,
      'key.converter': `${CONNECT}.storage.StringConverter`,
      'header.converter': `${CONNECT}.storage.SimpleHeaderConverter`,
      'transforms.t.type': `${CONNECT}.transforms.InsertField$Key`,
      'predicates.p.type': `${CONNECT}.transforms.predicates.RecordIsTombstone`,
    },
  },
  {
    by: 'simple',
    names: {
      'connector.class': 'FileStreamSourceConnector',
      'key.converter': 'StringConverter',
      'header.converter': 'SimpleHeaderConverter',
      'transforms.t.type': 'Filter',
      'predicates.p.type': 'RecordIsTombstone',
    },
  },
  {
    by: 'pruned',
    names: {
      'connector.class': 'FileStreamSource',
      'key.converter': 'String',
      'header.converter': 'Simple',
      'transforms.t.type': 'Filter',
      'predicates.p.type': 'HasHeaderKey',
      'predicates.p.name': 'h',
    },
  },
  {
    by: 'package',
    names: {
      'connector.class': 'holdfast/connectors/file#FileStreamSource',
      'key.converter': 'holdfast#String',
      'header.converter': 'holdfast#SimpleHeaderConverter',
      'transforms.t.type': 'holdfast#Filter',
      'predicates.p.type': 'holdfast#RecordIsTombstone',
    },
  },
])('by $by names', async ({ by, names }) => {
  const { 'transforms.t.type': transformation } = names;
  const field = transformation.includes('InsertField')
    ? { 'transforms.t.static.field': 'f', 'transforms.t.static.value': 'v' }
    : {};
  const config = {
    ...names,
    ...field,
    file: `\${${by}:${join(dir, 'values.properties')}:file}`,
    topic: `topic-${by}`,
    transforms: 't',
    'transforms.t.predicate': 'p',
    predicates: 'p',
  };
  await connect.create(by, config);
  await connect.waitForTasks(by, 'RUNNING');
  await connect.waitFor('a record', async () => {
    const { body } = await connect.request('GET', `/connectors/${by}/topics`);
    return (body as Record<string, { topics: string[] }>)[by]?.topics.includes(`topic-${by}`);
  });
  expect((await connect.request('GET', `/connectors/${by}/config`)).body).toEqual({ ...config, name: by });
});
