/** The certificates of https listeners, from Kafka's `ssl.` settings. Kafka Connect 4.1.1. */
import { stat } from 'node:fs/promises';
import type { ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { tlsOptions } from '../broker/kafka/tls-options.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { ClientAuth, ServerTls } from '../rest/server-tls.ts';
import { invalidWorkerConfig } from '../runtime/config/worker-config.ts';
import type { ConfigProblem } from '../sdk/errors/kinds.ts';

type Raw = Readonly<Record<string, string>>;

/** How often the files of key and trust are looked at. */
const WATCH_INTERVAL_MS = 10_000;

/** Values of passwords never show: problems name keys only. */
export interface RestTlsOptions {
  readonly raw: Raw;
  /** `listeners.https.` or `admin.listeners.https.`: if any setting has it, those are used and none of the worker's own `ssl.` ones. */
  readonly prefix: 'listeners.https.' | 'admin.listeners.https.';
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws ConfigError `holdfast.worker.config-invalid` that names every mistake of the settings and files. */
export function openRestTls(options: RestTlsOptions): ServerTls {
  return new RestTls(options);
}

class RestTls implements ServerTls {
  readonly clientAuth: ClientAuth;
  private readonly options_: RestTlsOptions;
  private readonly keyPrefix: string;
  private current: ServerOptions;

  constructor(options: RestTlsOptions) {
    const { raw, prefix } = options;
    this.options_ = options;
    this.keyPrefix = Object.keys(raw).some((key) => key.startsWith(prefix)) ? prefix : '';
    const [read, problems] = this.read();
    const clientAuth = this.setting('ssl.client.auth') ?? 'none';
    if (!isClientAuth(clientAuth)) {
      problems.push({ key: `${this.keyPrefix}ssl.client.auth`, message: 'must be one of required, requested, none' });
    }
    if (problems.length > 0) throw invalidWorkerConfig(problems);
    this.current = read;
    this.clientAuth = isClientAuth(clientAuth) ? clientAuth : 'none';
  }

  options(): ServerOptions {
    return this.current;
  }

  watch(onChange: () => void): () => void {
    const { clock, logger } = this.options_;
    let timer: Timer | null = null;
    let isOver = false;
    let seen = this.marks();
    const look = async (): Promise<void> => {
      const [before, now] = [await seen, await this.marks()];
      if (isOver) return;
      if (now !== before) {
        const [read, problems] = this.read();
        if (problems.length === 0) {
          seen = Promise.resolve(now);
          this.current = read;
          onChange();
        } else {
          // Half written, perhaps: the old certificate stays, and the files are read again.
          logger.warn('The certificate of the REST API has changed and can not be used yet.', { problems });
        }
      }
      timer = clock.setTimer(() => void look(), WATCH_INTERVAL_MS, { unref: true });
    };
    timer = clock.setTimer(() => void look(), WATCH_INTERVAL_MS, { unref: true });
    return () => {
      isOver = true;
      timer?.cancel();
    };
  }

  private read(): [ServerOptions, ConfigProblem[]] {
    const problems: ConfigProblem[] = [];
    const written = (key: string): string => `${this.keyPrefix}${key}`;
    const report = (key: string, message: string): void => {
      problems.push({ key: written(key), message: `${written(key)} ${message}.` });
    };
    const { checkServerIdentity: _, ...options } = tlsOptions((key) => this.setting(key), report, written);
    const isKeyed = options.pfx !== undefined || options.key !== undefined;
    if (problems.length === 0 && !isKeyed) {
      report('ssl.keystore.location', 'is missing: an https listener needs a certificate and its private key');
    }
    if (problems.length === 0) tryOut(options as ServerOptions, report, written);
    return [options as ServerOptions, problems];
  }

  /** An empty value is none, as for the clients. */
  private setting(key: string): string | undefined {
    const value = this.options_.raw[`${this.keyPrefix}${key}`];
    return value === undefined || (value === '' && key !== 'ssl.endpoint.identification.algorithm') ? undefined : value;
  }

  /** Changes whenever one of the files does. */
  private async marks(): Promise<string> {
    const files = ['ssl.keystore.location', 'ssl.truststore.location'].flatMap((key) => this.setting(key) ?? []);
    const marks = files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
        () => 'gone',
      ),
    );
    return (await Promise.all(marks)).join();
  }
}

function isClientAuth(text: string): text is ClientAuth {
  return text === 'none' || text === 'requested' || text === 'required';
}

/** A wrong password, or a key that doesn't fit its certificate, shows now and not at the first handshake. */
function tryOut(
  options: ServerOptions,
  report: (key: string, message: string) => void,
  written: (key: string) => string,
): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    const { message } = cause as Error;
    if (/mac verify|bad decrypt|password|passphrase|maybe wrong/i.test(message)) {
      report('ssl.keystore.password', `(or ${written('ssl.key.password')}) does not open the key (${message})`);
    } else report('ssl.keystore.location', `can't be used (${message})`);
  }
}
