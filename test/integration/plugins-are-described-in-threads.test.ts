/**
 * Transformations, predicates and converters that block, exit or throw anything when they are made or asked for their settings, with tasks in
 * threads: the worker says which it is, the REST API answers within a second (invariant 7), other connectors go on.
 */
import { writeFileSync } from 'node:fs';
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
import { eventually } from '../support/worker-process.ts';

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
