import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConnectorFile, readPropertiesFile } from '../../../src/cli/connector-file.ts';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ConfigError } from '../../../src/sdk/errors/kinds.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(content: string, name = 'c.properties'): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('readConnectorFile', () => {
  it('reads properties with continuation lines', async () => {
    const path = await file('name=local\nconnector.class=FileStreamSource\ntransforms=a,\\\n  b\n');
    expect(await readConnectorFile(path)).toEqual({
      path,
      name: 'local',
      config: { name: 'local', 'connector.class': 'FileStreamSource', transforms: 'a,b' },
      initialState: 'STARTED',
    });
  });

  it('reads both JSON shapes whatever the ending of the file', async () => {
    const flat = await file('{"name":"a","tasks.max":"1"}', 'flat.properties');
    expect(await readConnectorFile(flat)).toMatchObject({ name: 'a', config: { name: 'a', 'tasks.max': '1' } });
    const scalars = await file('{"name":"a","tasks.max":1,"x":false}', 'scalars.json');
    expect(await readConnectorFile(scalars)).toMatchObject({ config: { name: 'a', 'tasks.max': '1', x: 'false' } });
    const posted = await file(
      '{"name":"b","config":{"tasks.max":2,"x":true},"initial_state":"paused","other":1}',
      'posted.txt',
    );
    expect(await readConnectorFile(posted)).toMatchObject({
      name: 'b',
      config: { name: 'b', 'tasks.max': '2', x: 'true' },
      initialState: 'PAUSED',
    });
  });

  it('reads JSON with a byte order mark, and properties that begin like JSON', async () => {
    const marked = await file('\uFEFF{"name":"a","config":{"x":"1"}}', 'marked.json');
    expect(await readConnectorFile(marked)).toMatchObject({ name: 'a', config: { name: 'a', x: '1' } });
    const section = await file('[section]\nname=b\n', 'section.json');
    expect(await readConnectorFile(section)).toMatchObject({ name: 'b' });
  });

  it.each([
    ['c.json', '{"name":"x","config":{"a":"secret"', /not valid JSON: the mistake is at line 1 column 35\./],
    ['c.properties', '{"name":"x",\n "config":{"a":secret}}', /not valid JSON: the mistake is at line 2 column 16\./],
    ['c.json', '{"name":"x","a":"\\u00"}', /not valid JSON: the mistake is at line 1/],
    ['c.json', 'hello', /not valid JSON: the mistake is at line 1 column 1\./],
    ['c.json', '[1]', /is JSON, but no object\. Give it the shape/],
    ['c.json', '', /is empty/],
    ['c.properties', '\n', /is empty/],
    ['c.json', '{"config":{"a":"b"}}', /has no name\. Add a field "name"/],
    ['c.json', '{"a":"b"}', /has no name\. Add a field "name"/],
    ['c.json', '{"name":"x","tasks.max":null}', /has null at tasks\.max\. Give a string, number or boolean/],
  ])('tells what is wrong with %s that holds %j', async (name, content, message) => {
    const read = readConnectorFile(await file(content, name));
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toMatchObject({ code: 'holdfast.cli.file-invalid' });
    await expect(read).rejects.not.toThrow(/secret/);
  });

  it.each([
    ['no name', 'a=b', /has no name/],
    ['two names', '{"name":"a","config":{"name":"b"}}', /two names: a .* and b/],
    ['JSON of another shape', '{"name":"a","x":[1]}', /neither a flat object/],
    ['a nested value', '{"name":"a","config":{"x":{}}}', /at config\.x/],
    ['a null value', '{"name":"a","config":{"x":null}}', /at config\.x/],
    ['an unknown state', '{"name":"a","config":{},"initial_state":"ON"}', /initial_state ON/],
    ['a broken escape', 'name=a\nb=\\u00', /line 2: malformed/],
  ])('refuses %s, naming file and place', async (_what, content, message) => {
    const path = await file(content);
    const read = readConnectorFile(path);
    await expect(read).rejects.toThrow(message);
    await expect(read).rejects.toThrow(path);
    await expect(read).rejects.toThrow(ConfigError);
    await expect(read).rejects.toMatchObject({ code: 'holdfast.cli.file-invalid' });
  });

  it('says which file can not be read', async () => {
    await expect(readPropertiesFile(join(folder, 'none'))).rejects.toMatchObject({
      code: 'holdfast.cli.file-unreadable',
    });
  });
});

it('names each setting that stands more than once in a file with another value, and takes the last', async () => {
  const path = await file('name=a\ntopic=x\n# topic=none\ntopic : y\nname=a\n\\u0074opic=z\n');
  const { logger, lines } = recordingLogger();
  expect(await readPropertiesFile(path, logger)).toEqual({ name: 'a', topic: 'z' });
  expect((await readConnectorFile(path, logger)).config).toEqual({ name: 'a', topic: 'z' });
  expect(lines.map(({ level, fields }) => [level, fields['key'], fields['line']])).toEqual([
    ['warn', 'topic', 4],
    ['warn', 'topic', 6],
    ['warn', 'topic', 4],
    ['warn', 'topic', 6],
  ]);
});
