/** A task host's side of the registry client: views and gates, and no connection to a registry. */
import type { Clock } from '../foundation/clock.ts';
import { RegistryHost } from '../registry/registry-host.ts';
import { REGISTRY_SERVICE } from '../registry/registry-messages.ts';
import type { SchemaViews } from '../runtime/host/task-builder.ts';
import type { ServiceNoticeListener } from '../runtime/host/task-host.ts';
import type { MirroredGates } from '../runtime/parking/mirrored-gates.ts';

export interface RegistryHostSide {
  readonly gates: MirroredGates;
  readonly schemaViews: SchemaViews;
  readonly onNotice: ServiceNoticeListener;
}

export function openRegistryHostSide(options: {
  readonly clock: Clock;
  /** Worker settings that stand below those of each converter. */
  readonly defaults: Readonly<Record<string, string>>;
}): RegistryHostSide {
  const host = new RegistryHost(options);
  return {
    gates: host.gates,
    schemaViews: (config, { ask, owner, signals }) =>
      host.schemaView(config, ask, {
        owner,
        recall: () => signals.recall(),
        stop: (error) => signals.stop(error),
      }),
    onNotice: (service, body) => {
      if (service === REGISTRY_SERVICE) host.notice(body);
    },
  };
}
