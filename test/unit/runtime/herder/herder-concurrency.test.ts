/**
 * Two clients that ask for anything at any time, of connectors and tasks that hang, fail and come back late. Whatever they do: no task runs
 * twice or without its connector, no instance is left behind, every request ends once the plugins do, and what is shown is what is so.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/foundation/deferred.ts';
import { errorToWire } from '../../../../src/sdk/errors/error-wire.ts';
import { ConnectError } from '../../../../src/sdk/errors/index.ts';
import { settle } from '../fake-task-edges.ts';
import type { ScriptedHost } from '../worker/scripted-host.ts';
import { openHerder } from './scripted-connector.ts';

const NAMES = ['a', 'b'] as const;
/** `task.shutdown.graceful.timeout.ms` of the herder of the tests: beyond it a task that is asked to stop is given up. */
const GRACEFUL_MS = 5_000;
const TARGETS = ['STARTED', 'PAUSED', 'STOPPED'] as const;

type Hangs = 'nothing' | 'start' | 'taskConfigs' | 'stop' | 'alterOffsets' | 'tasks';

type Request =
  | { readonly ask: 'create'; readonly state: (typeof TARGETS)[number] }
  | { readonly ask: 'put' | 'patch'; readonly config: number }
  | { readonly ask: 'pause' | 'resume' | 'stop' | 'delete' | 'restart' | 'alter' | 'reset' }
  | { readonly ask: 'restartPlan'; readonly onlyFailed: boolean; readonly includeTasks: boolean }
  | { readonly ask: 'restartTask'; readonly task: number };

type Step =
  | { readonly do: 'request'; readonly name: string; readonly request: Request }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'plugin'; readonly hangs: Hangs; readonly fails: boolean; readonly tasks: number }
  /** All that hangs returns. */
  | { readonly do: 'release' }
  | { readonly do: 'failTask'; readonly name: string; readonly task: number }
  | { readonly do: 'reconfigure' | 'raise' };

const name = fc.constantFrom('a', 'a', 'b');
const request: fc.Arbitrary<Request> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ask: fc.constant('create' as const), state: fc.constantFrom(...TARGETS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ask: fc.constantFrom('put' as const, 'patch' as const),
      config: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      ask: fc.constantFrom('pause', 'resume', 'stop', 'stop', 'delete', 'restart', 'alter', 'reset'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ask: fc.constant('restartPlan' as const),
      onlyFailed: fc.boolean(),
      includeTasks: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ask: fc.constant('restartTask' as const), task: fc.integer({ min: 0, max: 2 }) }),
  },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('request' as const), name, request }) },
  // From a turn of the loop to beyond every deadline.
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(0, 0, 1, 4_999, 5_001) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('plugin' as const),
      hangs: fc.constantFrom('nothing', 'nothing', 'start', 'taskConfigs', 'stop', 'alterOffsets', 'tasks'),
      fails: fc.boolean(),
      tasks: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'release' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('failTask' as const), name, task: fc.integer({ min: 0, max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reconfigure' as const, 'raise' as const) }) },
) as fc.Arbitrary<Step>;

interface HostedTask {
  readonly host: ScriptedHost;
  readonly connector: string;
  readonly key: string;
  target: 'STARTED' | 'PAUSED';
  stopAskedAt: number | null;
}

class Trial {
  private hangs: Hangs = 'nothing';
  private fails = false;
  private tasksMade = 1;
  private held: Deferred[] = [];
  private readonly hosted = new Set<HostedTask>();
  private readonly pending = new Set<string>();
  /** Alterations of offsets that were answered with success. */
  private readonly altered = new Set<number>();
  /** What must never be, and was. */
  readonly violations: string[] = [];
  readonly opened = openHerder({ onHost: (host) => this.watch(host) });

  constructor() {
    const { script } = this.opened;
    const hung = (method: Hangs): Promise<void> | undefined => (this.hangs === method ? this.hold() : undefined);
    script.start = () => {
      if (this.fails) throw new ConnectError('no start');
      return hung('start');
    };
    script.taskConfigs = (_max, config) => {
      const made = Array.from({ length: this.tasksMade }, (_, task) => ({ ...config, 'task.id': String(task) }));
      return hung('taskConfigs')?.then(() => made) ?? made;
    };
    script.stop = () => hung('stop');
    script.alterOffsets = (config) => {
      if (this.runningOf(config['name'] ?? '').length > 0)
        this.violations.push(`offsets of ${config['name']} were altered under its tasks`);
      return hung('alterOffsets')?.then(() => true) ?? true;
    };
  }

  async take(each: Step, at: number): Promise<void> {
    const { script, clock } = this.opened;
    switch (each.do) {
      case 'request':
        this.ask(each.name, each.request, at);
        return;
      case 'wait':
        if (each.ms > 0) await clock.advance(each.ms);
        await settle();
        return;
      case 'plugin':
        this.hangs = each.hangs;
        this.fails = each.fails;
        this.tasksMade = each.tasks;
        return;
      case 'release':
        this.release();
        return;
      case 'failTask': {
        const task = [...this.hosted].find(({ key }) => key === `${each.name}-${each.task}`);
        if (task === undefined) return;
        this.hosted.delete(task);
        const id = { connector: each.name, task: each.task };
        task.host.emit({ type: 'task.failed', id, error: errorToWire(new Error('failed by the test')) });
        task.host.emit({ type: 'task.ended', id });
        return;
      }
      case 'reconfigure':
        for (const context of script.contexts) context.requestTaskReconfiguration();
        return;
      case 'raise':
        script.contexts.at(-1)?.raiseError(new Error('raised'));
    }
  }

  /** The plugins come to their senses: everything ends. */
  async calm(): Promise<void> {
    this.hangs = 'nothing';
    this.fails = false;
    for (let turn = 0; turn < 40; turn++) {
      this.release();
      await settle();
      await this.opened.clock.advance(GRACEFUL_MS + 1);
      await settle();
      if (this.pending.size === 0 && this.held.length === 0 && turn > 2) break;
    }
    expect([...this.pending]).toEqual([]);
  }

  /** What is shown is what is so. */
  async check(): Promise<void> {
    const { herder, script } = this.opened;
    expect(this.violations).toEqual([]);
    const names = await herder.connectors();
    for (const each of NAMES) {
      const running = this.runningOf(each);
      const live = script.live.get(each) ?? 0;
      if (!names.includes(each)) {
        await expect(herder.connectorStatus(each)).rejects.toThrow('No status found');
        expect([running.map(({ key }) => key), live], `what is left of ${each}`).toEqual([[], 0]);
        continue;
      }
      // Of an alteration that was given up nothing comes later.
      for (const { offset } of await herder.connectorOffsets(each)) {
        expect(this.altered.has(Number(offset?.['n'])), `an offset of ${each}`).toBe(true);
      }
      const { connector, tasks } = await herder.connectorStatus(each);
      const shown = `${each} is ${connector.state}: ${tasks.map(({ state }) => state).join()}`;
      const ids = tasks.filter(({ state }) => state !== 'FAILED').map(({ id }) => `${each}-${id}`);
      expect(running.map(({ key }) => key).sort(), shown).toEqual(ids.sort());
      expect((await herder.taskInfos(each)).length, shown).toBe(tasks.length);
      for (const { key, target } of running) {
        const state = tasks.find(({ id }) => `${each}-${id}` === key)?.state;
        expect(state, shown).toBe(target === 'PAUSED' ? 'PAUSED' : 'RUNNING');
      }
      const targets = new Set(running.map(({ target }) => target));
      expect(targets.size, shown).toBeLessThan(2);
      switch (connector.state) {
        case 'RUNNING':
          expect([live, targets.has('PAUSED')], shown).toEqual([1, false]);
          break;
        case 'PAUSED':
          expect([live, targets.has('STARTED')], shown).toEqual([0, false]);
          break;
        case 'STOPPED':
          expect([live, tasks.length], shown).toEqual([0, 0]);
          break;
        default:
          expect(connector.state, shown).toBe('FAILED');
          expect(live, shown).toBeLessThan(2);
      }
    }
  }

  /** From wherever it is, one that is configured anew and resumed runs with all its tasks. */
  async goesOn(): Promise<void> {
    const { herder, clock } = this.opened;
    this.tasksMade = 2;
    for (const each of await herder.connectors()) {
      const done = [
        herder.putConnectorConfig(each, configOf(each, 9), { allowReplace: true }),
        herder.resumeConnector(each),
      ];
      await clock.advance(GRACEFUL_MS + 1);
      await Promise.all(done);
      await settle();
      const { connector, tasks } = await herder.connectorStatus(each);
      expect([connector.state, ...tasks.map(({ state }) => state)]).toEqual(['RUNNING', 'RUNNING', 'RUNNING']);
    }
    await this.check();
    await herder.stop();
    for (const each of NAMES) {
      expect([this.runningOf(each).length, this.opened.script.live.get(each) ?? 0]).toEqual([0, 0]);
    }
  }

  /** Stopped amid all of it, with what comes back before or after its deadline. */
  async stopsAmidIt(isInTime: boolean): Promise<void> {
    const { herder, clock } = this.opened;
    let hasStopped = false;
    const stopping = herder.stop().then(() => {
      hasStopped = true;
    });
    await settle();
    if (isInTime) this.release();
    await clock.advance(2 * GRACEFUL_MS + 1);
    await settle();
    expect(hasStopped).toBe(true);
    await stopping;
    await this.calm();
    expect(this.violations).toEqual([]);
    for (const each of NAMES) {
      expect([this.runningOf(each).length, this.opened.script.live.get(each) ?? 0]).toEqual([0, 0]);
    }
  }

  private hold(): Promise<void> {
    const held = new Deferred();
    this.held.push(held);
    return held.promise;
  }

  private release(): void {
    for (const held of this.held.splice(0)) held.resolve();
  }

  /** Those that were not given up. */
  private runningOf(connector: string): readonly HostedTask[] {
    return [...this.hosted].filter((task) => task.connector === connector && !this.isGivenUp(task));
  }

  private isGivenUp({ stopAskedAt }: HostedTask): boolean {
    return stopAskedAt !== null && this.opened.clock.monotonic() - stopAskedAt >= GRACEFUL_MS;
  }

  private watch(host: ScriptedHost): void {
    host.onPosted = (message) => {
      if (message.type === 'task.start') {
        const { id, initialState } = message.spec;
        const key = `${id.connector}-${id.task}`;
        for (const task of this.hosted) {
          if (task.key === key && !this.isGivenUp(task)) this.violations.push(`${key} was started while it ran`);
        }
        this.hosted.add({ host, connector: id.connector, key, target: initialState, stopAskedAt: null });
      } else if (message.type === 'task.target' || message.type === 'task.stop') {
        const task = this.find(host, message.id);
        if (task === undefined) return false;
        if (message.type === 'task.target') task.target = message.state;
        else {
          task.stopAskedAt ??= this.opened.clock.monotonic();
          if (this.hangs === 'tasks') {
            void this.hold().then(() => {
              this.hosted.delete(task);
              host.emit({ type: 'task.ended', id: message.id });
            });
            return true;
          }
          this.hosted.delete(task);
        }
      }
      return false;
    };
  }

  private find(host: ScriptedHost, id: { readonly connector: string; readonly task: number }): HostedTask | undefined {
    return [...this.hosted].find((task) => task.host === host && task.key === `${id.connector}-${id.task}`);
  }

  private ask(connector: string, asked: Request, at: number): void {
    const { herder } = this.opened;
    const label = `${at}: ${connector} ${JSON.stringify(asked)}`;
    const send = (): Promise<unknown> => {
      switch (asked.ask) {
        case 'create':
          return herder.putConnectorConfig(connector, configOf(connector, 0), {
            allowReplace: false,
            initialState: asked.state,
          });
        case 'put':
          return herder.putConnectorConfig(connector, configOf(connector, asked.config), { allowReplace: true });
        case 'patch':
          return herder.patchConnectorConfig(connector, { n: String(asked.config) });
        case 'pause':
          return herder.pauseConnector(connector);
        case 'resume':
          return herder.resumeConnector(connector);
        case 'stop':
          return herder.stopConnector(connector);
        case 'delete':
          return herder.deleteConnector(connector);
        case 'restart':
          return herder.restartConnector(connector);
        case 'alter':
          return herder.alterConnectorOffsets(connector, [{ partition: { p: 1 }, offset: { n: at } }]);
        case 'reset':
          return herder.alterConnectorOffsets(connector, null);
        case 'restartPlan':
          return herder.restartConnectorAndTasks(connector, asked);
        case 'restartTask':
          return herder.restartTask({ connector, task: asked.task });
      }
    };
    this.pending.add(label);
    (async () => send())()
      .then(() => {
        if (asked.ask === 'alter') this.altered.add(at);
      })
      .catch((error: unknown) => {
        // Whatever is refused is refused in words; a mistake of ours would be something else.
        if (!(error instanceof ConnectError)) this.violations.push(`${label} answered ${String(error)}`);
      })
      .finally(() => this.pending.delete(label));
  }
}

function configOf(connector: string, n: number): Record<string, string> {
  return { name: connector, 'connector.class': 'ScriptedSource', topic: 't', 'tasks.max': '9', n: String(n) };
}

describe('StandaloneHerder, asked by several at once, with plugins that hang', () => {
  it('loses nothing, leaves nothing behind, and is where it says it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30, size: 'max' }), async (steps) => {
        const trial = new Trial();
        await trial.opened.herder.start();
        for (const [at, each] of steps.entries()) await trial.take(each, at);
        await trial.calm();
        await trial.check();
        await trial.goesOn();
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('stops in time amid all of it, and what comes back later opens nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 15, size: 'max' }),
        fc.boolean(),
        async (steps, isInTime) => {
          const trial = new Trial();
          await trial.opened.herder.start();
          for (const [at, each] of steps.entries()) await trial.take(each, at);
          await trial.stopsAmidIt(isInTime);
        },
      ),
      { numRuns: 100 },
    );
  }, 120_000);
});
