/**
 * Transformations, predicates and converters that block, exit or throw anything when they are made or asked for their settings, with tasks in
 * threads: the worker says which it is, the REST API answers within a second (invariant 7), other connectors go on.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Config,
  create,
  goesOn,
  linesOf,
  logged,
  over,
  send,
  source,
  stuckInMetrics,
  theWorker,
  withMisbehavingWorker,
} from '../support/misbehaving-worker.ts';
import { tempDir } from '../support/temp-dir.ts';
import { eventually, WorkerProcess } from '../support/worker-process.ts';

withMisbehavingWorker({ 'task.isolation': 'own' });

const KINDS = ['transformation', 'predicate', 'converter', 'header'] as const;
type Kind = (typeof KINDS)[number];

/** Where a configuration names it, and the configuration. */
function naming(kind: Kind, what: string): { readonly setting: string; readonly key: string; readonly config: Config } {
  const className = `com.example.Misdescribing.${kind}.${what}`;
  if (kind === 'transformation' || kind === 'predicate') {
    const list = kind === 'predicate' ? 'predicates' : 'transforms';
    const key = `${list}.odd.type`;
    return { setting: `${list}.odd`, key, config: source({ [list]: 'odd', [key]: className }) };
  }
  const setting = kind === 'converter' ? 'value.converter' : 'header.converter';
  return { setting, key: setting, config: source({ [setting]: className }) };
}

const VALIDATE = '/connector-plugins/com.example.MisbehavingSource/config/validate';

async function answersReads(): Promise<void> {
  for (const path of ['/', '/connectors?expand=status', '/connector-plugins?connectorsOnly=false', '/health']) {
    const askedAt = performance.now();
    expect((await theWorker().request('GET', path)).status).toBe(200);
    expect(performance.now() - askedAt).toBeLessThan(1_000);
  }
}

describe('a plugin that a connector names, when it is asked for its settings', () => {
  it('ends its thread: the request says who did it', async () => {
    for (const kind of KINDS) {
      const { setting, config } = naming(kind, 'config.exit');
      const { status, body } = await theWorker().request('PUT', VALIDATE, { name: `exit-${kind}`, ...config });
      expect([status, body]).toEqual([
        500,
        { error_code: 500, message: expect.stringContaining(`${setting}.config method of connector exit-${kind}`) },
      ]);
    }
    await goesOn('good');
  });

  it('throws anything, or gives a promise that never resolves: that is a mistake of its class', async () => {
    const says = {
      'constructor.throw-undefined': 'undefined',
      'constructor.throw-symbol': 'Symbol(odd)',
      'config.throw-undefined': 'undefined',
      'config.throw-symbol': 'Symbol(odd)',
      'config.hang': 'config() must return a ConfigDef and not a promise of one.',
      'config.reject': 'config() must return a ConfigDef and not a promise of one.',
    };
    for (const kind of KINDS) {
      for (const [what, text] of Object.entries(says)) {
        const { key, config } = naming(kind, what);
        const { status, body } = await theWorker().request('PUT', VALIDATE, { name: 'x', ...config });
        const { configs } = body as { configs: { value: { name: string; errors: string[] } }[] };
        const wrong = configs.filter(({ value }) => value.errors.length > 0).map(({ value }) => value);
        expect([status, wrong]).toMatchObject([200, [{ name: key, errors: [expect.stringContaining(text)] }]]);
        expect(await create(`refused-${kind}`, config)).toBe(400);
      }
    }
    await goesOn('good');
  });

  it('blocks in a validator: it is named, and the connector exists as soon as that gives way', async () => {
    const { setting, config } = naming('transformation', 'validator');
    const until = over('validator');
    const created = create('validated', { ...config, 'transforms.odd.until': until });
    const fields = { connector: 'validated', method: `${setting}.config` };
    await logged('A plugin call has not returned', { ...fields, code: 'holdfast.plugin.call-long' });
    await logged('The loop of a task host is blocked', { ...fields, code: 'holdfast.task-host.blocked' });
    await answersReads();
    writeFileSync(until, '');
    expect(await created).toBe(201);
    await goesOn('validated');
  });

  it('blocks for ever, in its constructor or its config(): it is named, REST answers, the others go on', async () => {
    // With those of classes that no connector names they are as many as there may be threads but one.
    const all = KINDS.map((kind, n) => naming(kind, n % 2 === 0 ? 'constructor.block' : 'config.block'));
    for (const [n, { config }] of all.entries()) {
      const name = `block-${n}`;
      if (n % 2 === 0) void create(name, config);
      else void send('PUT', VALIDATE, { name, ...config });
    }
    const smt = 'com.example.Misdescribing.transformation.config.block';
    void send('GET', `/connector-plugins/${smt}/config`);
    const blocked = [...all.map(({ setting }, n) => [`block-${n}`, `${setting}.config`]), [smt, 'config']];
    for (const [connector, method] of blocked) {
      await logged('A plugin call has not returned', { connector, method, code: 'holdfast.plugin.call-long' });
      await logged('The loop of a task host is blocked', { connector, method, code: 'holdfast.task-host.blocked' });
    }
    await eventually('they are in the metrics', async () => {
      const stuck = await stuckInMetrics();
      return blocked.every(([connector, method]) => stuck.includes(`${connector}  ${method}`));
    });
    await answersReads();
    await goesOn('good');
    const { config } = naming('predicate', 'validator');
    expect(await create('meanwhile', config)).toBe(201);
    await goesOn('meanwhile');
    // Not one was made where it could have held up all of them; left as they are, in threads that the worker has to end.
    expect(theWorker().process.lines.filter((line) => line.includes('in the main thread'))).toEqual([]);
    expect(linesOf('The loop of a task host is blocked', {}).length).toBeGreaterThanOrEqual(blocked.length);
  }, 60_000);
});

describe('a worker with task.isolation=own', () => {
  const spawn = (settings: Config): Promise<WorkerProcess> => {
    const dir = tempDir('described');
    const plugins = join(import.meta.dirname, '..', 'fixtures', 'plugins');
    return WorkerProcess.spawn({
      dir,
      bootstrapServers: `embedded:${join(dir, 'broker')}`,
      settings: { 'task.isolation': 'own', 'plugin.path': plugins, 'task.call.warn.ms': '500', ...settings },
      connectors: {},
    });
  };
  const converter = (what: string): Config => ({ 'value.converter': `com.example.Misdescribing.converter.${what}` });

  it('starts without a plugin that exits, or waits for ever, when it is imported, and says which', async () => {
    const dir = tempDir('importing');
    const brand = `[Symbol.for('holdfast.plugin')]: true, sdkContractVersion: 1`;
    const modules = { exits: 'process.exit(5);', waits: 'await new Promise(() => {});', works: '' };
    for (const [name, text] of Object.entries(modules)) {
      const predicate = `{ className: 'com.example.Imported.${name}', create: class {} }`;
      const plugin = `{ ${brand}, name: '${name}', version: '1', predicates: [${predicate}] }`;
      writeFileSync(join(dir, `${name}.mjs`), `${text}\nexport default ${plugin};\n`);
    }
    const worker = await spawn({ 'plugin.path': dir });
    await worker.process.waitForLine('The worker is ready.');
    const { body } = await worker.request('GET', '/connector-plugins?connectorsOnly=false');
    const found = (body as { class: string }[]).map((each) => each.class);
    expect(found.filter((each) => each.startsWith('com.example'))).toEqual(['com.example.Imported.works']);
    const warned = worker.process.lines.filter((line) => line.includes('A plugin was left out'));
    expect(warned).toEqual([
      expect.stringMatching(/exits\.mjs.*with the code 5: it calls process\.exit/),
      expect.stringMatching(/waits\.mjs.*awaits what does not come/),
    ]);
    expect((await worker.stop()).code).toBe(0);
  });

  it('asks its own converters in a thread before it is ready: mistakes end the start, unknown keys are named', async () => {
    const refused = await spawn(converter('validator'));
    await refused.process.waitForLine('The worker is ready.');
    expect((await refused.stop()).code).toBe(0);
    const failing = await spawn({ ...converter('constructor.throw-symbol') });
    expect(await failing.process.waitForExit()).toMatchObject({ signal: null });
    expect(failing.process.stderr.join('\n')).toMatch(/Could not instantiate class: Symbol\(odd\)/);
    const unknown = await spawn({ ...converter('validator'), 'value.converter.untill': 'x' });
    await unknown.process.waitForLine('The worker is ready.');
    expect(unknown.process.lines.some((line) => line.includes('are not known') && line.includes('.untill'))).toBe(true);
    expect((await unknown.stop()).code).toBe(0);
    for (const { process } of [refused, failing, unknown]) {
      expect(process.lines.filter((line) => line.includes('in the main thread'))).toEqual([]);
    }
  });

  it('whose own converter blocks names it, and can be stopped', async () => {
    const worker = await spawn(converter('config.block'));
    await worker.process.waitForLine('The loop of a task host is blocked');
    const named = worker.process.lines.filter((line) => line.includes('A plugin call has not returned')).join();
    expect(named).toContain('value.converter.config');
    const { code, signal } = await worker.stop();
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });
});
