/**
 * Writes docs/reference (settings, error codes, REST API, metrics) from the built worker, whose tables are the one source of them.
 * `--check` writes nothing and fails if a page isn't what it would write. `dist` has to be built.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const reference = join(root, 'docs', 'reference');
if (!existsSync(join(dist, 'src', 'index.js'))) {
  console.error('generate-reference: dist is not built: run npm run build first');
  process.exit(1);
}

const PARKED_SECTION = `## A parked task

\`GET /connectors/{connector}/status\` shows a task that waits for its environment as RUNNING, for tools act on FAILED, and adds an object. \`status.parked.enable=false\` leaves it out.

\`\`\`json
{
  "id": 0,
  "state": "RUNNING",
  "worker_id": "127.0.0.1:8083",
  "version": "0.1.0",
  "parked": {
    "dependency": "schema registry (writes)",
    "reason": "The schema registry …",
    "code": "holdfast.registry.unavailable",
    "partitions": [],
    "since": "2026-11-21T09:00:00.000Z",
    "attempts": 3,
    "next_probe": "2026-11-21T09:00:01.000Z"
  }
}
\`\`\`

| Field | |
|---|---|
| \`dependency\` | What it waits for. |
| \`reason\`, \`code\` | What the last attempt met; [errors.md](errors.md) has the codes. |
| \`partitions\` | The partitions that wait; the others flow on. Empty: all of the task. |
| \`since\`, \`attempts\` | Since when, and how many attempts were made. |
| \`next_probe\` | When it is tried again; null if that is not known. |`;

const REGISTRY_SECTION = `## A schema registry

\`GET /registries\` answers an array, \`GET /registries/{registry}\` one entry of it. Times are ISO 8601 in UTC, or null; fields whose names end in \`_ms\` are ms. The fields and their order stay; more may come.

| Field | |
|---|---|
| \`id\` | Names the registry in paths, gates, logs and metrics; stable for the same URLs, user, TLS material and headers. |
| \`urls\`, \`cluster_id\` | Its nodes as configured, and what \`/v1/metadata/id\` calls it. |
| \`vendor\` | \`confluent\`, \`karapace\`, \`apicurio\`, \`redpanda\`, \`other\`, \`unknown\`. |
| \`detection\` | How the primary is found out (\`rung\`: \`group\`, \`health\`, \`inference\`, \`none\`), and why no better way is used (\`reason\`). |
| \`epoch\`, \`epochs\` | The primary that lasts, or null; all, the latest first: \`number\`, \`member_id\`, \`url\` as the nodes advertise it, \`cause\`, \`rung\`, \`change_began\` (the first sign of the change), \`started\` (it was named), \`usable\` (it took a write, or said that it is ready), \`ended\`, \`usable_after_ms\` (from \`change_began\`; null when nobody tried to write meanwhile and the node says nothing of itself, so that \`usable\` is when it was found out), \`duration_ms\`. |
| \`nodes\` | Per node: \`url\`, \`alive\`, \`ready\` (null: it doesn't say), \`role\`, \`reason\` (the last failure), \`since\`, \`latency_ms\` (moving average), \`highest_id\`, \`lag\` (behind the furthest node), \`requests\`, \`failures\`. |
| \`gates\` | What tasks wait at: reads, writes, and one for each id or subject that is missed. \`id\`, \`state\` (\`open\`, \`closed\`, \`half-open\`), \`dependency\`, \`reason\`, \`since\`, \`attempts\`, \`next_probe\`, \`parked_tasks\`. |
| \`gate_history\` | The latest 200 times that a gate was shut, the latest first: \`gate\`, \`reason\`, \`closed\`, \`opened\`, \`duration_ms\`, \`attempts\`. |
| \`cache\` | \`schemas\` and \`answers\` in memory, \`stored\` ones; \`suspect\` ones, which are read back before they are used to write; \`unconfirmed\` ones, which are looked at once more; \`hits\`, \`misses\`, \`revalidations\`. |
| \`parked\` | \`questions\` that wait and the \`converters\` that wait for them; \`tasks\`: \`connector\`, \`task\`, the \`gate\` it waits at, \`dependency\`, \`reason\`, \`code\`, \`partitions\`, \`waiting_at\`, \`since\`, as in the \`parked\` object of its status, and \`links\` to its \`status\` and, if it waits for an id, to \`skip\` the record. |
| \`integrity_errors\` | Contradictions so far, one line each, the latest first. |
| \`links\` | Paths: \`self\`, \`probe\`, \`events\`. |

## Events of schema registries

\`GET /registries/events\` is a stream of server-sent events (\`text/event-stream\`): one for each change, with \`id\`, \`event\` and \`data\`, a JSON object of one line with \`registry\`, \`type\`, \`time\` and what the table says. A client that sends \`Last-Event-ID\` is first sent what it missed, of the latest 1,000 events. A comment comes every 15 s. A client that leaves more than a megabyte unread is cut off. At most 100 clients are served.

| Event | Fields |
|---|---|
| \`gate\` | \`gate\` as above; \`closed_for_ms\` when it opens. |
| \`node\` | \`node\`, \`alive\`, \`reason\`. |
| \`node-readiness\` | \`node\`, \`ready\`, \`lag\`. |
| \`epoch\` | \`epoch\` and \`previous\` as above; once when it begins, and again when it is usable. |
| \`detection\` | \`vendor\`, \`rung\`, \`reason\`. |
| \`parked\`, \`resumed\` | The kind of \`question\`, the \`gate\`; \`waited_ms\` at the end. |
| \`revalidated\` | \`id\`, \`outcome\`: \`equal\`, \`lost\`, \`contradicted\`, \`away\`. |
| \`barrier\` | \`id\`, \`outcome\` (\`met\`, \`probable\`, \`timed-out\`, \`skipped\`), \`waited_ms\`. |
| \`integrity\` | \`code\`, \`message\`. |
| \`id-from-future\` | \`id\`, \`reason\`. |
| \`closed\` | No task has used the registry for a minute: it is not asked any more, and its figures go. |
| \`request\` | Only with \`all=true\`, without an id: \`node\`, \`operation\`, \`status\` (null: no answer), \`ms\`. |
| \`cache\` | Only with \`all=true\`, without an id: \`outcome\`: \`hit\`, \`miss\`, \`store\`. |
| \`gap\` | What was missed is more than is kept, or of an earlier life of the worker: read \`GET /registries\` anew. |`;

const { errorCodes } = await load('src/sdk/errors/codes.js');
const { configMarkdown } = await load('src/sdk/config/config-markdown.js');
await loadAll();

const pages = {
  'configs.md': await configs(),
  'errors.md': errors(),
  'rest.md': await rest(),
  'metrics.md': await metrics(),
  'openapi.json': await openApi(),
};
const stale = [];
for (const [name, text] of Object.entries(pages)) {
  const file = join(reference, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  stale.push(`docs/reference/${name}`);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
}
if (!process.argv.includes('--check')) {
  console.log(stale.length === 0 ? 'docs/reference is current' : `wrote ${stale.join(', ')}`);
} else if (stale.length > 0) {
  console.error(`${stale.join(', ')}: not what the code says. Run npm run docs.`);
  process.exit(1);
}

/** Every module, so that every error code is known; those that run something when they are imported are left out. */
async function loadAll() {
  for (const folder of ['src', 'connectors']) {
    for (const entry of readdirSync(join(dist, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith('.js') || entry.name === 'task-host-entry.js') continue;
      const file = join(entry.parentPath, entry.name);
      if (!readFileSync(file, 'utf8').startsWith('#!')) await import(pathToFileURL(file).href);
    }
  }
}

function load(path) {
  return import(pathToFileURL(join(dist, path)).href);
}

function page(title, intro, sections) {
  const generated = '<!-- Written by scripts/generate-reference.mjs: npm run docs. -->';
  return `${[`# ${title}`, generated, ...[intro, ...sections].map(escapeAngles)].join('\n\n').trimEnd()}\n`;
}

/** `embedded:<folder>` is text, and would be a tag; what stands in code stays as it is. */
function escapeAngles(text) {
  return text
    .split(/(```[\s\S]*?```|`[^`\n]*`)/)
    .map((part, index) => (index % 2 === 0 ? part.replaceAll('<', '\\<') : part))
    .join('');
}

async function configs() {
  const { WORKER_CONFIG } = await load('src/runtime/config/worker-config-def.js');
  const { SOURCE_CONNECTOR_CONFIG, SINK_CONNECTOR_CONFIG } = await load('src/runtime/config/connector-config-def.js');
  const { REGISTRY_CONFIG } = await load('src/registry/registry-config.js');
  const { builtInPlugins } = await load('src/cli/built-in-plugins.js');
  const plugins = [];
  for (const module of builtInPlugins()) plugins.push((await import(module)).default);

  const [source, sink] = [SOURCE_CONNECTOR_CONFIG, SINK_CONNECTOR_CONFIG].map((def) => [...def.keys.values()]);
  const shared = source.filter(({ name }) => SINK_CONNECTOR_CONFIG.keys.has(name));
  const without = (keys, others) => keys.filter(({ name }) => !others.has(name));
  const names = new Set(shared.map(({ name }) => name));

  const sections = [
    '## Worker',
    `In the worker file, or as a \`CONNECT_\` variable, which stands above the file: \`offset.flush.interval.ms\` is \`CONNECT_OFFSET_FLUSH_INTERVAL_MS\` (\`__\` is \`_\`, \`___\` is \`-\`). Settings of Kafka's clients have the prefix \`producer.\`, \`consumer.\` or \`admin.\`; those of converters \`key.converter.\`, \`value.converter.\` or \`header.converter.\`. An unknown setting is named in a warning. Those of Kafka Connect and of Kafka's clients that are known and have no effect here are named with the reason: [settings without effect](../settings-without-effect.md).`,
    WORKER_CONFIG.toMarkdown({ level: 3 }),
    '## Every connector',
    'A connector may name converters of its own, with their settings under the same prefixes, and override the settings of its Kafka clients under `producer.override.`, `consumer.override.` and `admin.override.`. An alias in `transforms` or `predicates` brings settings under `transforms.<alias>.` and `predicates.<alias>.`.',
    configMarkdown(shared, 3),
    '## Every source connector',
    'Topics that do not exist are created if `topic.creation.default.partitions` and `topic.creation.default.replication.factor` are given, and otherwise left to the broker. A group in `topic.creation.groups` has its own under `topic.creation.<group>.`, with `include` and `exclude` (regular expressions of topic names), and any setting of a topic beside them.',
    configMarkdown(without(source, names), 3),
    '## Every sink connector',
    configMarkdown(without(sink, names), 3),
  ];

  for (const plugin of plugins) {
    for (const { className, type, create } of plugin.connectors ?? []) {
      const def = new create().config();
      sections.push(`## \`${className}\``, `A ${type} connector.`, def.toMarkdown({ level: 3 }));
    }
  }

  sections.push(
    '## Schema registry',
    'Of each converter that uses one, under its prefix: `value.converter.schema.registry.url`. Those of a worker serve for every connector that does not name converters of its own.',
    REGISTRY_CONFIG.toMarkdown({ level: 3 }),
  );
  const seen = new Set();
  for (const plugin of plugins) {
    for (const { className, create } of [...(plugin.converters ?? []), ...(plugin.headerConverters ?? [])]) {
      if (seen.has(className)) continue;
      seen.add(className);
      const keys = [...(new create().config?.()?.keys.values() ?? [])].filter(
        ({ name }) => name !== 'converter.type' && !REGISTRY_CONFIG.keys.has(name),
      );
      const usesRegistry = new create().config?.()?.keys.has('schema.registry.url') === true;
      sections.push(
        `## \`${className}\``,
        usesRegistry ? 'A converter. It has the settings of a schema registry as well.' : 'A converter.',
        keys.length === 0 ? 'It has no settings.' : configMarkdown(keys, 3),
      );
    }
  }
  return page(
    'Settings',
    'Every setting of this version, its default and what it may be.',
    sections.map((text) => text.trimEnd()),
  );
}

function errors() {
  const areas = new Map();
  for (const [code, entry] of [...errorCodes()].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const area = code.split('.')[1];
    areas.set(area, [...(areas.get(area) ?? []), [code, entry]]);
  }
  const sections = [...areas].map(([area, entries]) =>
    [
      `## ${area}`,
      ...entries.map(([code, { what, mend }]) => `### \`${code}\`\n\n${what}\n\n**To mend it:** ${mend}`),
    ].join('\n\n'),
  );
  return page(
    'Error codes',
    'Every error has a stable code. It stands in logs, in the `parked` object of a task that waits, and at the end of what the command line says.',
    sections,
  );
}

/** Only the tables are read: nothing asks the herder. */
async function restTable() {
  const { restResources } = await load('src/cli/rest-resources.js');
  const { openApiResources } = await load('src/rest/openapi/openapi-resource.js');
  const { main, admin } = restResources({
    herder: {},
    version: '',
    clock: {},
    logLevels: {},
    showParked: true,
    topicTracking: { isEnabled: true, isResetAllowed: true },
    further: (await seenFromOutside()).resources,
  });
  const resources = [...main, ...admin];
  return [...resources, ...openApiResources({ resources, version: '' })];
}

async function openApi() {
  const { openApiDocument } = await load('src/rest/openapi/openapi-document.js');
  const { packageVersion } = await load('src/cli/package-version.js');
  const document = openApiDocument({ resources: await restTable(), version: packageVersion() });
  return `${JSON.stringify(document, null, 2)}\n`;
}

async function rest() {
  const { CONNECT_API_VERSION } = await load('src/rest/root-resource.js');
  const { routesOf } = await load('src/rest/openapi/openapi-document.js');
  const { REST_DESCRIPTIONS: described } = await import('./rest-descriptions.mjs');
  const routes = routesOf(await restTable());
  const undescribed = routes.filter((route) => described[route] === undefined);
  const stale = Object.keys(described).filter((route) => !routes.includes(route));
  if (undescribed.length + stale.length > 0) {
    throw new Error(
      `scripts/rest-descriptions.mjs lacks ${undescribed.join(', ') || 'nothing'}, and has ${stale.join(', ') || 'nothing'} too much`,
    );
  }
  const rows = routes.map((route) => {
    const { what, answers } = described[route];
    return `| \`${route}\` | ${what} | ${answers} |`;
  });
  return page(
    'REST API',
    `The paths, bodies and statuses are those of Kafka Connect ${CONNECT_API_VERSION}. An error is \`{"error_code": <status>, "message": "…"}\`. \`HEAD\` goes wherever \`GET\` does, \`OPTIONS\` names the methods of a path.`,
    [`| Request | What | Answers |\n|---|---|---|\n${rows.join('\n')}`, PARKED_SECTION, REGISTRY_SECTION],
  );
}

/** Only its tables are read: nothing asks a registry. */
async function seenFromOutside() {
  const { SeenFromOutside } = await load('src/cli/seen-from-outside.js');
  const { systemClock } = await load('src/foundation/clock.js');
  return new SeenFromOutside({ clock: systemClock, version: '', metrics: true, registries: {}, herder: {} });
}

async function metrics() {
  const { workerMetrics } = await load('src/cli/metrics/metrics-resource.js');
  const register = workerMetrics({ version: '', contributors: (await seenFromOutside()).contributors });
  const rows = register
    .getMetricsAsArray()
    .sort(({ name: a }, { name: b }) => (a < b ? -1 : 1))
    .map(({ name, type, help, labelNames }) => {
      const labels = labelNames.filter((label) => label !== 'le').map((label) => `\`${label}\``);
      return `| \`${name}\` | ${type} | ${labels.join(', ') || '–'} | ${help} |`;
    });
  return page(
    'Metrics',
    "`GET /metrics` serves them in Prometheus' text format, with those of the process (`process_*`, `nodejs_*`) as every Node client names them. `metrics.enable=false` turns it off. `registry` is the id that `GET /registries` shows; `gate` is what a gate stands before: `read` and `write` are outages, `id`, `subject` and `barrier` one thing that the registry lacks for now. Wherever they are known beforehand, lines begin at 0. A sample scrape configuration, alert rules and a dashboard are in `config/prometheus` and `config/grafana`; [the guide](../guides/monitoring.md) has more.",
    [`| Metric | Type | Labels | What |\n|---|---|---|---|\n${rows.join('\n')}`],
  );
}
