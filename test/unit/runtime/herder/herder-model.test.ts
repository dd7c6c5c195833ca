/** Any order of requests and of what plugins do of themselves, against a model of Kafka Connect's states. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SourceConnectorContext } from '../../../../src/sdk/connector.ts';
import { errorToWire } from '../../../../src/sdk/errors/error-wire.ts';
import { ConnectError } from '../../../../src/sdk/errors/index.ts';
import { settle } from '../fake-task-edges.ts';
import { openHerder } from './scripted-connector.ts';

type Target = 'STARTED' | 'PAUSED' | 'STOPPED';
type Shown = 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED';

interface Modelled {
  target: Target;
  state: Shown;
  tasks: Shown[];
  config: string;
  /** An instance that can raise errors. */
  hasInstance: boolean;
  /** The instance is started. */
  isRunning: boolean;
  /** The instance reported that it failed, which only another one gets over. */
  hasRaised: boolean;
}

/** What the plugin does at present. */
interface Plugin {
  fails: 'nothing' | 'start' | 'taskConfigs';
  tasks: number;
}

type Op =
  | { readonly do: 'create'; readonly state: Target }
  | { readonly do: 'put' | 'patch'; readonly config: number }
  | { readonly do: 'pause' | 'resume' | 'stop' | 'delete' | 'restart' }
  | { readonly do: 'restartPlan'; readonly onlyFailed: boolean; readonly includeTasks: boolean }
  | { readonly do: 'restartTask' | 'failTask'; readonly task: number }
  | { readonly do: 'raise' | 'raiseOld' | 'reconfigure' | 'reconfigureOld' }
  | { readonly do: 'plugin'; readonly fails: Plugin['fails']; readonly tasks: number };

const op: fc.Arbitrary<Op & { readonly name: 'a' | 'b' }> = fc
  .tuple(
    fc.constantFrom('a' as const, 'a' as const, 'b' as const),
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('create' as const),
          state: fc.constantFrom('STARTED', 'PAUSED', 'STOPPED'),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constantFrom('put' as const, 'patch' as const),
          config: fc.integer({ min: 0, max: 2 }),
        }),
      },
      { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('pause', 'resume', 'stop', 'restart', 'delete') }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('restartPlan' as const),
          onlyFailed: fc.boolean(),
          includeTasks: fc.boolean(),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constantFrom('restartTask' as const, 'failTask' as const),
          task: fc.integer({ min: -1, max: 3 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constantFrom('raise', 'raiseOld', 'reconfigure', 'reconfigureOld') }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('plugin' as const),
          fails: fc.constantFrom('nothing' as const, 'nothing' as const, 'start' as const, 'taskConfigs' as const),
          tasks: fc.integer({ min: 0, max: 3 }),
        }),
      },
    ),
  )
  .map(([name, each]) => ({ ...each, name }) as Op & { readonly name: 'a' | 'b' });

/** How a request ends. */
type Outcome = 'ok' | 'NotFoundError' | 'AlreadyExistsError' | 'start-failed' | 'task-configs-failed';

class Model {
  readonly connectors = new Map<string, Modelled>();
  readonly plugin: Plugin = { fails: 'nothing', tasks: 1 };

  apply(name: string, op: Op): Outcome {
    const known = this.connectors.get(name);
    if (op.do === 'plugin') {
      Object.assign(this.plugin, { fails: op.fails, tasks: op.tasks });
      return 'ok';
    }
    if (op.do === 'create' || (op.do === 'put' && known === undefined)) {
      if (known !== undefined) return 'AlreadyExistsError';
      const fresh: Modelled = {
        target: op.do === 'create' ? op.state : 'STARTED',
        state: 'STOPPED',
        tasks: [],
        config: op.do === 'create' ? '0' : String(op.config),
        hasInstance: false,
        isRunning: false,
        hasRaised: false,
      };
      this.connectors.set(name, fresh);
      return this.launch(fresh);
    }
    if (known === undefined)
      return ['raise', 'raiseOld', 'reconfigure', 'reconfigureOld', 'failTask'].includes(op.do)
        ? 'ok'
        : 'NotFoundError';
    switch (op.do) {
      case 'put':
      case 'patch': {
        if (known.config !== String(op.config)) known.tasks = [];
        known.config = String(op.config);
        return this.launch(known);
      }
      case 'pause':
        if (known.target === 'PAUSED') return 'ok';
        known.target = 'PAUSED';
        known.isRunning = false;
        if (known.state !== 'FAILED') known.state = 'PAUSED';
        this.retarget(known, 'PAUSED');
        return 'ok';
      case 'resume':
        if (known.target === 'STARTED') return 'ok';
        known.target = 'STARTED';
        this.retarget(known, 'RUNNING');
        if (known.state !== 'FAILED') this.launch(known);
        return 'ok';
      case 'stop':
        if (known.target === 'STOPPED') return 'ok';
        Object.assign(known, { target: 'STOPPED', state: 'STOPPED', tasks: [], hasInstance: false, isRunning: false });
        return 'ok';
      case 'delete':
        this.connectors.delete(name);
        return 'ok';
      case 'restart':
        return this.launch(known);
      case 'restartPlan': {
        const chosen = (state: Shown): boolean => !op.onlyFailed || state === 'FAILED';
        const tasks = op.includeTasks
          ? [...known.tasks.keys()].filter((task) => chosen(known.tasks[task] as Shown))
          : [];
        if (chosen(known.state)) this.launch(known);
        for (const task of tasks) if (task < known.tasks.length) this.startTask(known, task);
        return 'ok';
      }
      case 'restartTask':
        if (known.tasks[op.task] === undefined) return 'NotFoundError';
        this.startTask(known, op.task);
        return 'ok';
      case 'failTask':
        if (known.tasks[op.task] !== undefined) known.tasks[op.task] = 'FAILED';
        return 'ok';
      case 'raise':
        if (known.hasInstance) Object.assign(known, { state: 'FAILED', hasRaised: true });
        return 'ok';
      case 'reconfigure':
        if (known.isRunning) this.reconfigure(known);
        return 'ok';
      default:
        return 'ok';
    }
  }

  private launch(known: Modelled): Outcome {
    known.hasInstance = known.target !== 'STOPPED';
    known.isRunning = false;
    known.hasRaised = false;
    known.state = known.target === 'STARTED' ? 'RUNNING' : known.target;
    if (known.target !== 'STARTED') return 'ok';
    if (this.plugin.fails === 'start') {
      known.state = 'FAILED';
      known.hasInstance = false;
      return 'start-failed';
    }
    known.isRunning = true;
    return this.reconfigure(known);
  }

  private reconfigure(known: Modelled): Outcome {
    if (this.plugin.fails === 'taskConfigs') {
      known.state = 'FAILED';
      return 'task-configs-failed';
    }
    if (known.state === 'FAILED' && !known.hasRaised) known.state = 'RUNNING';
    if (known.tasks.length !== this.plugin.tasks)
      known.tasks = Array.from({ length: this.plugin.tasks }, () => 'RUNNING');
    return 'ok';
  }

  private startTask(known: Modelled, task: number): void {
    known.tasks[task] = known.target === 'PAUSED' ? 'PAUSED' : 'RUNNING';
  }

  private retarget(known: Modelled, state: 'RUNNING' | 'PAUSED'): void {
    known.tasks = known.tasks.map((each) => (each === 'FAILED' ? each : state));
  }

  shown(name: string): string {
    const known = this.connectors.get(name);
    return known === undefined ? 'none' : `${known.state}: ${known.tasks.join(', ')}`;
  }
}

/** The real thing, with what is needed to play the model's operations on it. */
class Real {
  readonly opened = openHerder();
  readonly plugin: Plugin = { fails: 'nothing', tasks: 1 };
  /** Of every instance of a connector, oldest first. */
  private readonly contexts = new Map<string, readonly SourceConnectorContext[]>();

  constructor() {
    const { script } = this.opened;
    script.start = () => {
      if (this.plugin.fails === 'start') throw new ConnectError('no start');
    };
    script.taskConfigs = (_max, config) => {
      if (this.plugin.fails === 'taskConfigs') throw new ConnectError('no task configs');
      return Array.from({ length: this.plugin.tasks }, (_, task) => ({ ...config, 'task.id': String(task) }));
    };
  }

  async apply(name: string, op: Op): Promise<Outcome> {
    const { herder, host, script } = this.opened;
    const config = (n: number): Record<string, string> => ({
      name,
      'connector.class': 'ScriptedSource',
      topic: 't',
      'tasks.max': '9',
      n: String(n),
    });
    const contexts = this.contexts.get(name) ?? [];
    const known = script.contexts.length;
    const fail = (task: number): void => {
      const id = { connector: name, task };
      host().emit({ type: 'task.failed', id, error: errorToWire(new Error('failed by the test')) });
      host().emit({ type: 'task.ended', id });
    };
    const run = async (): Promise<unknown> => {
      switch (op.do) {
        case 'create':
          return herder.putConnectorConfig(name, config(0), { allowReplace: false, initialState: op.state });
        case 'put':
          return herder.putConnectorConfig(name, config(op.config), { allowReplace: true });
        case 'patch':
          return herder.patchConnectorConfig(name, { n: String(op.config) });
        case 'pause':
          return herder.pauseConnector(name);
        case 'resume':
          return herder.resumeConnector(name);
        case 'stop':
          return herder.stopConnector(name);
        case 'delete':
          return herder.deleteConnector(name);
        case 'restart':
          return herder.restartConnector(name);
        case 'restartPlan':
          return herder.restartConnectorAndTasks(name, op);
        case 'restartTask':
          return herder.restartTask({ connector: name, task: op.task });
        case 'failTask':
          return (await herder.connectorStatus(name)).tasks[op.task] === undefined ? undefined : fail(op.task);
        case 'raise':
          return contexts.at(-1)?.raiseError(new Error('raised'));
        case 'raiseOld':
          for (const context of contexts.slice(0, -1)) context.raiseError(new Error('raised too late'));
          return;
        case 'reconfigure':
          return contexts.at(-1)?.requestTaskReconfiguration();
        case 'reconfigureOld':
          for (const context of contexts.slice(0, -1)) context.requestTaskReconfiguration();
          return;
        case 'plugin':
          Object.assign(this.plugin, { fails: op.fails, tasks: op.tasks });
      }
    };
    try {
      await run();
      return 'ok';
    } catch (error) {
      const { name: kind, code } = error as { name: string; code?: string };
      if (op.do === 'failTask') return 'ok';
      return (/holdfast\.connector\.(start-failed|task-configs-failed)/.exec(code ?? '')?.[1] ?? kind) as Outcome;
    } finally {
      await settle();
      // One operation at a time: what was made meanwhile is of this connector.
      this.contexts.set(name, [...contexts, ...script.contexts.slice(known)]);
    }
  }

  async shown(name: string): Promise<string> {
    try {
      const { connector, tasks } = await this.opened.herder.connectorStatus(name);
      return `${connector.state}: ${tasks.map(({ state }) => state).join(', ')}`;
    } catch (error) {
      return (error as Error).message.startsWith('No status found') ? 'none' : String(error);
    }
  }

  /** Instances whose start returned and whose stop was not called since. */
  running(name: string): number {
    return this.opened.script.live.get(name) ?? 0;
  }
}

describe('StandaloneHerder, whatever it is asked and in whatever order', () => {
  it('is where the model is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 1, maxLength: 25, size: 'max' }), async (ops) => {
        const model = new Model();
        const real = new Real();
        await real.opened.herder.start();
        for (const each of ops) {
          const expected = model.apply(each.name, each);
          expect(await real.apply(each.name, each), JSON.stringify(each)).toBe(expected);
          for (const name of ['a', 'b']) {
            expect(await real.shown(name), `${name} after ${JSON.stringify(each)}`).toBe(model.shown(name));
            const known = model.connectors.get(name);
            expect(real.running(name), `running instances of ${name}`).toBe(known?.isRunning === true ? 1 : 0);
            const infos = known === undefined ? [] : await real.opened.herder.taskInfos(name);
            expect(infos.length).toBe(known?.tasks.length ?? 0);
          }
          expect(await real.opened.herder.connectors()).toEqual([...model.connectors.keys()]);
        }
        await real.opened.herder.stop();
        for (const name of ['a', 'b']) expect(real.running(name)).toBe(0);
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
