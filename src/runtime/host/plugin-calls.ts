/** Knows in which of its methods a plugin is, so that one that doesn't return can be named. */
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock } from '../../foundation/clock.ts';
import { readableError } from '../../sdk/errors/readable-error.ts';
import { type CallLabel, callLabel, type HostPulse } from './host-pulse.ts';
import type { PluginCall, TaskId } from './protocol.ts';

/** Whose code runs: what a plugin starts in a call, such as a timer, keeps it. */
export interface PluginScope {
  readonly id: TaskId;
  readonly method: string;
}

export interface PluginCallsOptions {
  readonly id: TaskId;
  readonly clock: Clock;
  /** Of a thread of its own. */
  readonly pulse?: HostPulse;
  readonly scope?: AsyncLocalStorage<PluginScope>;
}

/** Called for each record: marked while it runs, and no more. */
const PER_RECORD = ['commitRecord'];
/** Its promise is not awaited, so it counts as ended as soon as it returns. */
const NOT_AWAITED = 'commitRecords';
const METHODS = [
  NOT_AWAITED,
  'initialize',
  'start',
  'poll',
  'commit',
  'open',
  'put',
  'flush',
  'preCommit',
  'close',
  'stop',
  'taskConfigs',
  'validate',
  'config',
  'alterOffsets',
];

type Method = (...args: unknown[]) => unknown;

export class PluginCalls {
  private readonly options: PluginCallsOptions;
  private readonly open = new Set<PluginCall>();

  constructor(options: PluginCallsOptions) {
    this.options = options;
  }

  /** The call that is open for the longest time, null for none. */
  get oldest(): PluginCall | null {
    for (const call of this.open) return call;
    return null;
  }

  /** The same plugin, whose calls are known. A method that it doesn't have is absent there too. */
  watched<T extends object>(plugin: T): T {
    const shell = {};
    const target = plugin as Record<string, unknown>;
    for (const name of PER_RECORD) {
      const marks = this.marks([name]);
      this.hand(shell, target, name, (...args) => {
        marks?.enter(0);
        try {
          return readable((target[name] as Method).apply(plugin, args));
        } catch (error) {
          throw readableError(error);
        } finally {
          marks?.leave();
        }
      });
    }
    for (const name of METHODS) {
      const label = callLabel({ ...this.options.id, method: name });
      this.hand(shell, target, name, (...args) =>
        this.call(name, label, () => (target[name] as Method).apply(plugin, args)),
      );
    }
    return shell as T;
  }

  /** Runs something else of the plugin, such as a constructor. */
  run<T>(method: string, run: () => T): T {
    return this.call(method, callLabel({ ...this.options.id, method }), run) as T;
  }

  /** For what is called for each record; null where nobody could look while it runs. `names` are in order of the steps. */
  marks(names: readonly string[]): { enter(step: number): void; leave(): void } | null {
    const { pulse, id } = this.options;
    if (pulse === undefined) return null;
    const labels = names.map((name) => callLabel({ ...id, method: name }));
    return {
      enter: (step) => {
        const label = labels[step];
        if (label !== undefined) pulse.enter(label);
      },
      leave: () => pulse.leave(),
    };
  }

  private hand(shell: object, target: Record<string, unknown>, name: string, through: Method): void {
    Object.defineProperty(shell, name, {
      enumerable: true,
      get: () => (typeof target[name] === 'function' ? through : target[name]),
    });
  }

  private call(method: string, label: CallLabel, run: () => unknown): unknown {
    const { pulse, scope, clock, id } = this.options;
    let result: unknown;
    pulse?.enter(label);
    try {
      result = scope === undefined ? run() : scope.run({ id, method }, run);
    } catch (error) {
      throw readableError(error);
    } finally {
      pulse?.leave();
    }
    if (!isThenable(result)) return result;
    if (method === NOT_AWAITED) return readable(result);
    const call: PluginCall = { method, since: clock.now() };
    this.open.add(call);
    return result.then(
      (value) => {
        this.open.delete(call);
        return value;
      },
      (error) => {
        this.open.delete(call);
        throw readableError(error);
      },
    );
  }
}

/** With what it rejects with readable. */
function readable(result: unknown): unknown {
  if (!isThenable(result)) return result;
  return Promise.resolve(result).catch((error: unknown) => {
    throw readableError(error);
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
