/** Every resource of a standalone worker's REST API, in the order of its documents. */
import type { Clock } from '../foundation/clock.ts';
import type { LogLevels } from '../foundation/log-levels.ts';
import { connectorPluginsResources } from '../rest/connector-plugins-resource.ts';
import { connectorsResources } from '../rest/connectors-resource.ts';
import { standaloneInternalResources } from '../rest/internal-resource.ts';
import { loggersResources } from '../rest/loggers-resource.ts';
import { offsetsResources } from '../rest/offsets-resource.ts';
import { parkedResources } from '../rest/parked-resource.ts';
import type { RestResource } from '../rest/resource.ts';
import { rootResources } from '../rest/root-resource.ts';
import { topicsResources } from '../rest/topics-resource.ts';
import type { Herder } from '../runtime/herder/herder.ts';

export interface RestResourcesOptions {
  readonly herder: Herder;
  readonly version: string;
  readonly clock: Clock;
  readonly logLevels: LogLevels;
  /** `status.parked.enable` */
  readonly showParked: boolean;
  /** `topic.tracking.enable` and `topic.tracking.allow.reset` */
  readonly topicTracking: { readonly isEnabled: boolean; readonly isResetAllowed: boolean };
  /** Of what is seen from outside, and the embedder's. */
  readonly further: readonly RestResource[];
}

export function restResources(options: RestResourcesOptions): {
  readonly main: readonly RestResource[];
  /** `/admin`, which may have listeners of its own. */
  readonly admin: readonly RestResource[];
} {
  const { herder, version, clock, showParked, topicTracking, further, logLevels } = options;
  return {
    main: [
      ...rootResources({ herder, version, clock }),
      ...connectorPluginsResources({ herder }),
      ...connectorsResources({ herder, showParked }),
      ...offsetsResources({ herder }),
      ...topicsResources({ herder, ...topicTracking }),
      ...parkedResources({ herder }),
      ...standaloneInternalResources(),
      ...further,
    ],
    admin: loggersResources({ levels: logLevels }),
  };
}
