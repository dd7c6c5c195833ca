/**
 * Restarts a connector and its tasks when a value that a config provider gave it has changed (`config.action.reload`). Kafka Connect 4.1.1
 * restarts the connector whenever a time to live is over; here the provider is asked then, and a value that is still the same restarts
 * nothing. A provider that can't be read restarts nothing either.
 */
import type { Clock, Timer } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import { messageOf } from '../../../sdk/errors/readable-error.ts';
import type { ConfigVariables } from './config-variables.ts';
import type { FoundVariable } from './resolved-variables.ts';

/** A file may be read while it is being written: what changed is read again after that long, and has to be the same. */
const CONFIRM_MS = 1_000;
const LEAST_TTL_MS = 100;
const MOST_TTL_MS = 0x7fff_ffff;

interface Place {
  readonly provider: string;
  readonly path: string;
  /** By connector and key, what it was started with. */
  readonly users: Map<string, Map<string, string>>;
  ttlMs: number | undefined;
  timer: Timer | null;
  checking: Promise<void> | null;
  /** A change was told while a check was under way. */
  again: boolean;
  unreadable: boolean;
  subscribedKeys: string;
  unsubscribe: () => void;
}

export interface VariableWatchOptions {
  readonly variables: ConfigVariables;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Restarts the connector and its tasks; it says itself what it found wrong. */
  readonly restart: (connector: string) => Promise<unknown>;
}

export class VariableWatch {
  private readonly options: VariableWatchOptions;
  private readonly places = new Map<string, Place>();
  private readonly closing = new AbortController();

  constructor(options: VariableWatchOptions) {
    this.options = options;
  }

  /** What a connector is started with, in place of what it was started with before; none with `config.action.reload=none`. */
  use(connector: string, found: readonly FoundVariable[]): void {
    const touched = new Set<Place>();
    for (const place of this.places.values()) if (place.users.delete(connector)) touched.add(place);
    for (const { provider, path, key, value, ttlMs } of found) {
      const place = this.place(provider, path);
      const values = place.users.get(connector) ?? new Map<string, string>();
      place.users.set(connector, values.set(key, value));
      if (ttlMs !== undefined) place.ttlMs = ttlMs;
      touched.add(place);
    }
    for (const place of touched) this.arrange(place);
  }

  forget(connector: string): void {
    this.use(connector, []);
  }

  close(): void {
    this.closing.abort();
    for (const place of this.places.values()) this.drop(place);
    this.places.clear();
  }

  private place(provider: string, path: string): Place {
    const id = `${provider}\0${path}`;
    let place = this.places.get(id);
    if (place === undefined) {
      place = {
        provider,
        path,
        users: new Map(),
        ttlMs: undefined,
        timer: null,
        checking: null,
        again: false,
        unreadable: false,
        subscribedKeys: '',
        unsubscribe: () => {},
      };
      this.places.set(id, place);
    }
    return place;
  }

  private arrange(place: Place): void {
    if (this.closing.signal.aborted) return;
    if (place.users.size === 0) {
      this.drop(place);
      this.places.delete(`${place.provider}\0${place.path}`);
      return;
    }
    const keys = keysOf(place);
    if (place.subscribedKeys !== keys.join('\0')) {
      place.unsubscribe();
      place.subscribedKeys = keys.join('\0');
      const { variables } = this.options;
      place.unsubscribe = variables.subscribe(place.provider, place.path, keys, () => this.check(place));
    }
    this.schedule(place);
  }

  private schedule(place: Place): void {
    place.timer?.cancel();
    place.timer = null;
    if (place.ttlMs === undefined || place.users.size === 0 || this.closing.signal.aborted) return;
    const ms = Math.min(Math.max(place.ttlMs, LEAST_TTL_MS), MOST_TTL_MS);
    place.timer = this.options.clock.setTimer(() => this.check(place), ms);
  }

  private drop(place: Place): void {
    place.timer?.cancel();
    place.timer = null;
    place.unsubscribe();
    place.unsubscribe = () => {};
    place.users.clear();
  }

  private check(place: Place): void {
    if (place.checking !== null) {
      place.again = true;
      return;
    }
    place.checking = this.look(place)
      .catch((error: unknown) => {
        if (this.closing.signal.aborted) return;
        this.options.logger.error('What config providers gave could not be looked at again.', {
          provider: place.provider,
          path: place.path,
          err: error,
        });
      })
      .finally(() => {
        place.checking = null;
        if (place.again && place.users.size > 0) {
          place.again = false;
          this.check(place);
        } else this.schedule(place);
      });
  }

  private async look(place: Place): Promise<void> {
    const first = await this.read(place);
    if (first === null || changesOf(place, first).size === 0) return;
    await this.options.clock.sleep(CONFIRM_MS, this.closing.signal);
    const second = await this.read(place);
    if (second === null) return;
    for (const [connector, keys] of changesOf(place, second)) {
      // Still being written: the next look sees it whole.
      if (!keys.every((key) => first[key] === second[key])) {
        place.again = true;
        continue;
      }
      const { provider, path } = place;
      const { logger, restart } = this.options;
      logger.info(
        'Values of a config provider have changed. The connector that uses them is restarted with its tasks.',
        {
          connector,
          provider,
          path,
          keys,
        },
      );
      await restart(connector).catch((error: unknown) => {
        logger.error('A connector could not be restarted after a change of its config provider. It is tried again.', {
          connector,
          err: error,
        });
      });
    }
  }

  /** null: it can't be read at present. */
  private async read(place: Place): Promise<Readonly<Record<string, string>> | null> {
    const { variables, logger } = this.options;
    const { provider, path } = place;
    const keys = keysOf(place);
    let reason: string;
    try {
      const { data, ttlMs } = await variables.get(provider, path, keys, this.closing.signal);
      const missing = keys.filter((key) => !Object.hasOwn(data, key));
      // A provider that answers nothing at all may not know for how long either.
      if (ttlMs !== undefined || missing.length < keys.length) place.ttlMs = ttlMs;
      if (missing.length === 0) {
        if (place.unreadable) logger.info('The values of a config provider are readable again.', { provider, path });
        place.unreadable = false;
        return data;
      }
      reason = `it has no value for ${missing.join(', ')}`;
      if (missing.length < keys.length) {
        this.sayUnreadable(place, reason);
        return data;
      }
    } catch (error) {
      if (this.closing.signal.aborted) return null;
      reason = messageOf(error);
    }
    this.sayUnreadable(place, reason);
    return null;
  }

  private sayUnreadable(place: Place, reason: string): void {
    const { provider, path } = place;
    const { logger } = this.options;
    const line = 'Values of a config provider that are in use can not be read. What uses them goes on as it is.';
    if (place.unreadable) logger.debug(line, { provider, path, reason });
    else logger.warn(line, { provider, path, reason });
    place.unreadable = true;
  }
}

function keysOf(place: Place): string[] {
  return [...new Set([...place.users.values()].flatMap((values) => [...values.keys()]))].sort();
}

/** By connector, the keys whose value is another one. A value that is not there is no change. */
function changesOf(place: Place, data: Readonly<Record<string, string>>): Map<string, string[]> {
  const changes = new Map<string, string[]>();
  for (const [connector, values] of place.users) {
    const keys = [...values]
      .filter(([key, value]) => Object.hasOwn(data, key) && data[key] !== value)
      .map(([key]) => key);
    if (keys.length > 0) changes.set(connector, keys);
  }
  return changes;
}
