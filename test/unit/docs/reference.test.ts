/** docs/reference says what the sources say, and nothing else. That each word is current, `generate-reference.mjs --check` sees to. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { builtInPlugins } from '../../../src/cli/built-in-plugins.ts';
import { workerMetrics } from '../../../src/cli/metrics/metrics-resource.ts';
import { restResources } from '../../../src/cli/rest-resources.ts';
import { SeenFromOutside } from '../../../src/cli/seen-from-outside.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { LogLevels } from '../../../src/foundation/log-levels.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { REGISTRY_CONFIG } from '../../../src/registry/registry-config.ts';
import { routesOf } from '../../../src/rest/openapi/openapi-document.ts';
import { openApiResources } from '../../../src/rest/openapi/openapi-resource.ts';
import { SINK_CONNECTOR_CONFIG, SOURCE_CONNECTOR_CONFIG } from '../../../src/runtime/config/connector-config-def.ts';
import { WORKER_CONFIG } from '../../../src/runtime/config/worker-config-def.ts';
import type { Herder } from '../../../src/runtime/herder/herder.ts';
import { StuckCalls } from '../../../src/runtime/worker/stuck-calls.ts';
import type { Plugin } from '../../../src/sdk/plugin.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = (name: string): string => readFileSync(join(root, 'docs/reference', name), 'utf8');
const headings = (text: string): string[] => [...text.matchAll(/^#+ `([^`]+)`$/gm)].map(([, heading = '']) => heading);

/** Nothing is asked of it but its tables. */
const outside = new SeenFromOutside({
  clock: new ManualClock(),
  version: '',
  metrics: true,
  stuckCalls: () => new StuckCalls(),
  registries: () => ({ snapshots: () => [], probeNow: () => false }),
  herder: () => ({}) as unknown as Herder,
});

function sources(): string[] {
  return ['src', 'connectors'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(root, folder, file), 'utf8')),
  );
}

describe('docs/reference', () => {
  test('has every error code, and none that is gone', () => {
    const defined = sources().flatMap((text) =>
      [...text.matchAll(/defineErrorCode\(\s*'(holdfast\.[^']+)'/g)].map(([, code = '']) => code),
    );
    expect(defined.length).toBeGreaterThan(40);
    expect([...new Set(headings(page('errors.md')))].sort()).toEqual([...new Set(defined)].sort());
  });

  test('tells of each code how to mend it', () => {
    const text = page('errors.md');
    for (const section of text.split(/^### /m).slice(1)) {
      expect(section).toMatch(/^`holdfast\.[^`]+`\n\n\S[\s\S]*\n\n\*\*To mend it:\*\* \S/);
    }
  });

  test('has every setting, and none that is gone', async () => {
    const expected = new Set<string>();
    const add = (keys: Iterable<string>): void => {
      for (const key of keys) expected.add(key);
    };
    for (const def of [WORKER_CONFIG, SOURCE_CONNECTOR_CONFIG, SINK_CONNECTOR_CONFIG, REGISTRY_CONFIG])
      add(def.keys.keys());
    for (const module of builtInPlugins()) {
      const { default: plugin } = (await import(module)) as { readonly default: Plugin };
      for (const { className, create } of plugin.connectors ?? []) {
        expected.add(className);
        add(new create().config().keys.keys());
      }
      for (const { className, create } of [...(plugin.converters ?? []), ...(plugin.headerConverters ?? [])]) {
        expected.add(className);
        add(new create().config?.().keys.keys() ?? []);
      }
    }
    expected.delete('converter.type');
    expect([...new Set(headings(page('configs.md')))].sort()).toEqual([...expected].sort());
  });

  test('has every route, and none that is gone', () => {
    const herder = {} as unknown as Herder;
    const { main, admin } = restResources({
      herder,
      version: '',
      clock: systemClock,
      logLevels: new LogLevels({ root: 'INFO', now: () => 0 }),
      showParked: true,
      topicTracking: { isEnabled: true, isResetAllowed: true },
      further: outside.resources,
    });
    const all = [...main, ...admin];
    const served = routesOf([...all, ...openApiResources({ resources: all, version: '' })]);
    const documented = [...page('rest.md').matchAll(/^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$/gm)]
      .map(([, route = '']) => route)
      .filter((route) => /^[A-Z]+ \//.test(route));
    expect(documented.sort()).toEqual([...served].sort());
  });

  test('has every metric, and none that is gone', () => {
    const defined = workerMetrics({ version: '', contributors: outside.contributors })
      .getMetricsAsArray()
      .map(({ name }) => name);
    const documented = [...page('metrics.md').matchAll(/^\| `(\w+)` \| (?:counter|gauge|histogram) \|/gm)];
    expect(defined.length).toBeGreaterThan(30);
    expect(documented.map(([, name = '']) => name)).toEqual(defined.sort());
  });
});
