/** From where a worker's settings were read, for the errors that tell of them. */
import { invalidWorkerConfig, WORKER_CONFIG_INVALID } from '../runtime/config/worker-config.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

type Raw = Readonly<Record<string, string>>;

interface SettingsSource {
  /** The worker file that was named, with what is in it. */
  readonly file: { readonly path: string; readonly settings: Raw } | null;
  /** From `CONNECT_*` variables. */
  readonly environment: Raw;
}

/** The error with the place of the settings in it, if it is `holdfast.worker.config-invalid`; otherwise the error as it is. */
export function withSource(error: unknown, { file, environment }: SettingsSource): unknown {
  if (!(error instanceof ConfigError) || error.code !== WORKER_CONFIG_INVALID) return error;
  const places = [
    ...(file === null ? [] : [file.path]),
    ...(Object.keys(environment).length === 0 ? [] : ['the CONNECT_* variables']),
  ];
  // The files of connectors come after it, and are easily put in its place.
  const isSwapped = file !== null && Object.hasOwn(file.settings, 'connector.class');
  return invalidWorkerConfig(error.problems, {
    where: places.join(' and '),
    ...(isSwapped
      ? { advice: `${file.path} has connector.class, as the file of a connector has: name the worker's file first.` }
      : {}),
  });
}
