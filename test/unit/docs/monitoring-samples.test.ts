/** Alert rules and dashboard read metrics that there are, with labels that they have, and point at places that exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { workerMetrics } from '../../../src/cli/metrics/metrics-resource.ts';
import { SeenFromOutside } from '../../../src/cli/seen-from-outside.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { BackupMetrics } from '../../../src/recovery/connector/backup-metrics.ts';
import type { Herder } from '../../../src/runtime/herder/herder.ts';
import { PluginFigures } from '../../../src/runtime/metrics/plugin-figures.ts';
import { StuckCalls } from '../../../src/runtime/worker/stuck-calls.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Labels by the name of each series. */
function series(): Map<string, readonly string[]> {
  const { contributors } = new SeenFromOutside({
    clock: new ManualClock(),
    version: '',
    metrics: true,
    stuckCalls: () => new StuckCalls(),
    registries: () => ({ snapshots: () => [], probeNow: () => false }),
    herder: () => ({}) as unknown as Herder,
  });
  const found = new Map<string, readonly string[]>();
  for (const metric of workerMetrics({ version: '', contributors }).getMetricsAsArray()) {
    const { name, type, labelNames } = metric as unknown as { name: string; type: unknown; labelNames: string[] };
    if (String(type) !== 'histogram') found.set(name, labelNames);
    else for (const part of ['bucket', 'sum', 'count']) found.set(`${name}_${part}`, [...labelNames, 'le']);
  }
  // A bundled connector's own.
  const figures = new PluginFigures();
  const metrics = figures.of();
  new BackupMetrics({ metrics, clock: new ManualClock(), intervalMs: 1000, targets: 1, lastSuccessAt: null });
  for (const { name, tags } of figures.snapshot()) {
    found.set(`kafka_connect_plugins_${name.replaceAll('-', '_')}`, ['connector', 'task', ...Object.keys(tags)]);
  }
  return found;
}

/** What Prometheus and the scrape configuration add. */
const ADDED = ['job', 'instance', 'le'];

/** Words of an expression that are neither ours nor of the language. */
function faults(expr: string): string[] {
  const known = series();
  const names = [...expr.matchAll(/\b(?:holdfast|kafka_connect_plugins)_\w+/g)].map(([name]) => name);
  if (names.length === 0) return [`no metric in ${expr}`];
  const labels = new Set([...ADDED, ...names.flatMap((name) => known.get(name) ?? [])]);
  const used = [
    ...[...expr.matchAll(/\b(?:by|ignoring|on) ?\(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(/\s*,\s*/)),
    ...[...expr.matchAll(/(\w+) ?(?:=~|!~|!=|=)"/g)].map(([, label = '']) => label),
  ];
  return [
    ...names.filter((name) => !known.has(name)).map((name) => `there is no ${name}`),
    ...used.filter((label) => !labels.has(label)).map((label) => `no label ${label} in ${expr}`),
  ];
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = (parse(read('config/prometheus/holdfast-alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);

describe('the samples for Prometheus and Grafana', () => {
  it('finds faults where there are some', () => {
    expect(faults('sum by (colour) (holdfast_registry_nothing{shape="round"})')).toHaveLength(3);
  });

  it.each(rules)(
    '$alert reads what there is, and says what to do and where to read on',
    ({ expr, labels, annotations }) => {
      expect(faults(expr)).toEqual([]);
      expect(labels['severity']).toMatch(/^(info|warning|critical)$/);
      expect(annotations['summary']).toMatch(/\.$/);
      expect(annotations['description']?.length).toBeGreaterThan(80);
      const [page = '', anchor = ''] = annotations['guide']?.split('#') ?? [];
      const headings = [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => slugOf(heading));
      expect(headings).toContain(anchor);
    },
  );

  it('shows panels of what there is', () => {
    const dashboard = JSON.parse(read('config/grafana/holdfast-registry.json')) as {
      panels: { title: string; description: string; gridPos: object; targets: { expr: string }[] }[];
      annotations: { list: { expr: string }[] };
      templating: { list: { query: string }[] };
    };
    const exprs = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    expect(exprs.length).toBeGreaterThan(15);
    for (const { expr } of dashboard.annotations.list) exprs.push(expr);
    expect(exprs.flatMap(faults)).toEqual([]);
    for (const [name] of dashboard.templating.list.map(({ query }) => /holdfast_\w+/.exec(query) ?? [undefined])) {
      if (name !== undefined) expect(series().has(name)).toBe(true);
    }
    for (const { title, description } of dashboard.panels) expect(description, title).toMatch(/\.$/);
    expect(new Set(dashboard.panels.map(({ gridPos }) => JSON.stringify(gridPos))).size).toBe(dashboard.panels.length);
  });
});

/** As GitHub makes anchors of headings. */
function slugOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
