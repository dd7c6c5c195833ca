// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of config providers look like this
import { expect, it } from 'vitest';
import { type LogLine, loggerOver, silentLogger } from '../../../../../src/foundation/logger.ts';
import { ManualClock } from '../../../../../src/foundation/manual-clock.ts';
import { ConfigVariables } from '../../../../../src/runtime/config/variables/config-variables.ts';
import { openVariables } from '../../../../../src/runtime/config/variables/open-variables.ts';
import type { PluginDesc } from '../../../../../src/runtime/plugins/plugin-desc.ts';
import { Plugins } from '../../../../../src/runtime/plugins/plugins.ts';

const never = () => new Promise<never>(() => {});

/** The clock goes on until it has come to an end, and says when that was. */
async function failure(clock: ManualClock, running: Promise<unknown>): Promise<unknown> {
  const settled = running.then(
    () => 'no failure',
    (error: unknown) => error,
  );
  let ended: unknown;
  void settled.then((value) => {
    ended = value;
  });
  while (ended === undefined) await clock.advance(1_000);
  return ended;
}

it('a config provider that does not return from get is given up, and named', async () => {
  const clock = new ManualClock();
  const variables = new ConfigVariables({ providers: new Map([['p', { get: never }]]), logger: silentLogger, clock });
  expect(await failure(clock, variables.resolve({ a: '${p:k}' }))).toMatchObject({
    code: 'holdfast.config-provider.failed',
    message: 'The get method of the config provider p did not return within 31000 ms.',
  });
});

it('one that does not return from close does not keep a worker from its end', async () => {
  const clock = new ManualClock();
  const lines: LogLine[] = [];
  const providers = new Map([['p', { get: () => ({ data: {} }), close: never }]]);
  const variables = new ConfigVariables({ providers, logger: loggerOver((line) => lines.push(line)), clock });
  expect(await failure(clock, variables.close())).toBe('no failure');
  expect(lines.map(({ level, fields }) => [level, fields['provider'], `${fields['err']}`])).toEqual([
    ['warn', 'p', expect.stringContaining('The close method of the config provider p did not return within 5000 ms.')],
  ]);
});

it('one that does not return from configure ends the start of the worker', async () => {
  const clock = new ManualClock();
  class Hanging {
    configure = never;
  }
  const desc = { type: 'config_provider', className: 'x.Hanging', otherNames: [], version: '1', create: Hanging };
  const plugins = new Plugins([{ ...desc, module: 'file:///p.js', location: 'test' } as PluginDesc]);
  const settings = { 'config.providers': 'p', 'config.providers.p.class': 'x.Hanging' };
  expect(await failure(clock, openVariables({ settings, plugins, logger: silentLogger, clock }))).toMatchObject({
    code: 'holdfast.config-provider.invalid',
    message:
      "The config provider p can't be used: The configure method of the config provider p did not return within 30000 ms.",
  });
});
