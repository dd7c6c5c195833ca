/** A logger whose lines hold no secret that the registry knows. Invariant 8. */
import { type LogFields, type Logger, type LogLevel, type LogMethod, logMethods } from './logger.ts';
import type { SecretRegistry } from './secret-registry.ts';

export function maskingLogger(target: Logger, secrets: SecretRegistry): Logger {
  const method =
    (level: LogLevel): LogMethod =>
    (message, fields) => {
      // What is dropped anyway is not searched.
      if (!target.isLevelEnabled(level)) return;
      if (fields === undefined) target[level](secrets.mask(message));
      else target[level](secrets.mask(message), secrets.maskAll(fields) as LogFields);
    };
  return {
    ...logMethods(method),
    child: (bindings) => maskingLogger(target.child(secrets.maskAll(bindings) as LogFields), secrets),
    isLevelEnabled: (level) => target.isLevelEnabled(level),
  };
}
