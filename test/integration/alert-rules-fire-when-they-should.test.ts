/** The alert rules in config/prometheus, tried with Prometheus' own promtool. */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EmbeddedConnect } from '../../src/testing/embedded-connect.ts';
import { tempDir } from '../support/temp-dir.ts';

const FOLDER = join(import.meta.dirname, '../../config/prometheus');

function promtool(folder: string, args: readonly string[], input?: string): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd: folder, encoding: 'utf8', input });
  return { status: error === undefined ? status : null, output: `${stdout}${stderr}` };
}

const isThere = promtool(FOLDER, ['--version']).status === 0;
if (!isThere && process.env['CI'] === 'true') throw new Error('promtool is missing: install the package prometheus');
if (!isThere) process.stderr.write('SKIPPED for want of promtool (package prometheus): the alert rules\n');

describe.skipIf(!isThere)('the alert rules', () => {
  it('are valid, as is the configuration that names them', () => {
    for (const args of [
      ['check', 'rules', 'holdfast-alerts.yml'],
      ['check', 'config', 'prometheus.yml'],
    ]) {
      const { status, output } = promtool(FOLDER, args);
      expect(output).toContain('SUCCESS');
      expect(status, output).toBe(0);
    }
  });

  it('fire when they should, and not before', () => {
    const { status, output } = promtool(FOLDER, ['test', 'rules', 'holdfast-alerts.test.yml']);
    expect(status, output).toBe(0);
  });

  it('each have a test that notices when it does not fire', () => {
    const rules = readFileSync(join(FOLDER, 'holdfast-alerts.yml'), 'utf8');
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, alert = '']) => alert);
    expect(alerts.length).toBeGreaterThan(5);
    const folder = join(tempDir('alerts'), 'prometheus');
    cpSync(FOLDER, folder, { recursive: true });
    const never = rules.replace(/(\n {8}expr: )(?:>-\n(?: {10}.*\n)+|.*\n)/g, '$1vector(0) > 1\n');
    writeFileSync(join(folder, 'holdfast-alerts.yml'), never);
    const { status, output } = promtool(folder, ['test', 'rules', 'holdfast-alerts.test.yml']);
    expect(status).not.toBe(0);
    for (const alert of alerts) expect(output).toContain(`alertname: ${alert}`);
  });

  it('read metrics that promtool has nothing to say against', async () => {
    const connect = await EmbeddedConnect.start({ dir: tempDir('metrics') });
    try {
      const text = await (await fetch(`${connect.url}/metrics`)).text();
      // Those of the process have the names that prom-client gives them.
      const [ours = ''] = text.split('# HELP process_', 1);
      expect(ours).toContain('# TYPE holdfast_registry_gate_closed_seconds gauge');
      const { status, output } = promtool(FOLDER, ['check', 'metrics'], ours);
      expect(status, output).toBe(0);
      expect(output).toBe('');
    } finally {
      await connect.stop();
    }
  });
});
