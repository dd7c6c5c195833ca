/**
 * Worker settings from `CONNECT_*` variables, as the Confluent images take them: the prefix is dropped, the rest lower-cased, `___` becomes
 * `-`, `__` becomes `_` and `_` becomes `.`. They stand above the worker file.
 */

/** Settings of the image and not of the worker. */
const NOT_SETTINGS = /^CONNECT_(METRIC_REPORTERS$|LOG4J_|CUB_)/;

export function settingsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith('CONNECT_') || NOT_SETTINGS.test(variable)) continue;
    settings[settingName(variable.slice('CONNECT_'.length))] = value;
  }
  const port = settings['rest.port'];
  if (port !== undefined) {
    delete settings['rest.port'];
    settings['listeners'] ??= `http://:${port}`;
  }
  const level = environment['CONNECT_LOG4J_ROOT_LOGLEVEL'];
  if (level !== undefined) settings['log.level'] ??= level.toLowerCase();
  return settings;
}

/** `VALUE_CONVERTER_SCHEMA_REGISTRY_URL` -> `value.converter.schema.registry.url` */
export function settingName(variable: string): string {
  return variable.toLowerCase().replace(/_{1,3}/g, (run) => (run.length === 3 ? '-' : run.length === 2 ? '_' : '.'));
}
