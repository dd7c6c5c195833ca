/** Wires the registry client: its coordinator into the control plane, its views and gates into task hosts. */
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { GateBook } from '../registry/gate-book.ts';
import { GateMirror } from '../registry/gate-mirror.ts';
import type { SchemaViews } from '../runtime/host/task-builder.ts';
import type { MirroredGates } from '../runtime/parking/mirrored-gates.ts';
import type { ControlService, GateSource } from '../runtime/worker/worker.ts';
import { ConfigError } from '../sdk/errors/kinds.ts';

export interface RegistryClient {
  readonly services: Readonly<Record<string, ControlService>>;
  readonly gates: GateSource;
  openHostSide(): { readonly gates: MirroredGates; readonly schemaViews: SchemaViews };
  close(): Promise<void>;
}

export function openRegistryClient(options: {
  readonly storeFolder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}): RegistryClient {
  const book = new GateBook({ clock: options.clock });
  return {
    services: {},
    gates: {
      snapshots: () => book.snapshots(),
      onChange: (listener) => book.onSnapshot(listener),
      get: (id) => book.get(id),
    },
    openHostSide: () => ({
      gates: new GateMirror({ clock: options.clock }),
      schemaViews: () => {
        throw new ConfigError('no registry yet');
      },
    }),
    close: async () => {},
  };
}
