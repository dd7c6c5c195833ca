/** A logger whose lines hold no secret that the registry knows. Invariant 8. */
import type { LogFields, Logger, LogMethod } from './logger.ts';
import type { SecretRegistry } from './secret-registry.ts';

export function maskingLogger(target: Logger, secrets: SecretRegistry): Logger {
  const method =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'): LogMethod =>
    (message, fields) => {
      // What is dropped anyway is not searched.
      if (!target.isLevelEnabled(level)) return;
      if (fields === undefined) target[level](secrets.mask(message));
      else target[level](secrets.mask(message), secrets.maskAll(fields) as LogFields);
    };
  return {
    trace: method('trace'),
    debug: method('debug'),
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
    fatal: method('fatal'),
    child: (bindings) => maskingLogger(target.child(secrets.maskAll(bindings) as LogFields), secrets),
    isLevelEnabled: (level) => target.isLevelEnabled(level),
  };
}
