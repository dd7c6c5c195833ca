/**
 * What Kafka's own clients measure (MBeans of `kafka.producer`, `kafka.consumer` and `kafka.admin.client`), as far as those of tasks
 * measure it too. With the labels `connector` and `task` besides, which the MBeans lack.
 */
import type { ClientFigures } from '../../broker/client-figures.ts';
import { clientName, type NameSet, promName } from './connect-names.ts';
import { type Exposition, type Labels, labelText } from './exposition.ts';

/** As the JMX exporter makes them of the tags: it drops what Prometheus' alphabet lacks, or replaces it. */
const TAG_NAMES: Readonly<Record<NameSet, (tag: string) => string>> = {
  strimzi: (tag) => tag.replaceAll('-', ''),
  exporter: promName,
};

export function addClientMetrics(
  page: Exposition,
  client: ClientFigures,
  options: {
    readonly names: readonly NameSet[];
    /** What the worker says it is. */
    readonly app: { readonly version: string; readonly commitId: string };
    readonly labels: Labels;
  },
): void {
  const domain = client.kind === 'admin' ? 'admin.client' : client.kind;
  for (const names of options.names) {
    const tagName = TAG_NAMES[names];
    const own: Labels = [
      ...(names === 'exporter' ? [['client_type', domain] as const] : []),
      [tagName('client-id'), client.clientId],
      ...options.labels,
    ];
    addAppInfo(page, client, { names, domain, app: options.app, labels: own });
    for (const { type, tags, values } of client.groups) {
      const text = labelText([...own, ...Object.entries(tags).map(([tag, value]) => [tagName(tag), value] as const)]);
      for (const [attribute, value] of Object.entries(values)) {
        const help = `The attribute ${attribute} of Kafka's ${type}.`;
        page.add({ name: clientName(names, { domain, type }, attribute), help }, text, value);
      }
    }
  }
}

function addAppInfo(
  page: Exposition,
  { startedAt }: ClientFigures,
  {
    names,
    domain,
    app,
    labels,
  }: {
    readonly names: NameSet;
    readonly domain: string;
    readonly app: { readonly version: string; readonly commitId: string };
    readonly labels: Labels;
  },
): void {
  const help = 'Always 1; the label says which.';
  const named = [
    ['version', app.version],
    ['commit_id', app.commitId],
  ] as const;
  if (names === 'strimzi') {
    for (const pair of named) {
      page.add({ name: promName(`kafka_${domain}_${pair[0]}_info`), help }, labelText([...labels, pair]), 1);
    }
    const name = promName(`kafka_${domain}_start_time_seconds`);
    page.add({ name, help: 'When the client was made, in s since the epoch.' }, labelText(labels), startedAt / 1000);
    return;
  }
  for (const pair of [...named, ['start_time_ms', String(startedAt)] as const]) {
    page.add({ name: promName(`kafka_${domain}_app_info`), help }, labelText([...labels, pair]), 1);
  }
}
