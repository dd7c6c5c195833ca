import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { PluginCallMetrics } from '../../../../src/cli/metrics/plugin-call-metrics.ts';
import { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import { StuckCalls } from '../../../../src/runtime/worker/stuck-calls.ts';

it('calls that hang in the same method are counted, and are as old as the oldest of them', async () => {
  const clock = new ManualClock({ startMs: 10_000 });
  const calls = new StuckCalls();
  for (const since of [2_000, 1_000, 9_000]) {
    calls.set({}, { connector: 'c', task: null, method: 'validate', since, loopBlocked: false });
  }
  const metrics = new PluginCallMetrics({ clock, stuckCalls: () => calls, connectors: async () => ['c'] });
  const register = new Registry();
  metrics.register(register);
  await metrics.refresh();
  const text = (await register.metrics()).split('\n').filter((line) => line.startsWith('holdfast'));
  expect(text).toEqual([
    'holdfast_plugin_call_stuck{connector="c",task="",method="validate"} 3',
    'holdfast_plugin_call_stuck_seconds{connector="c",task="",method="validate"} 9',
    'holdfast_plugin_calls_stuck_total{connector="c",method="validate"} 3',
  ]);
});
