import { alteredByTheConnector } from './altered-by-the-connector.ts';
import { basicAuth } from './basic-auth.ts';
import { debeziumUi, redpandaConsole } from './clients/consoles.ts';
import { kafbatUi } from './clients/kafbat-ui.ts';
import { kcctl } from './clients/kcctl.ts';
import { scripts } from './clients/scripts.ts';
import { strimzi } from './clients/strimzi.ts';
import { configProviders } from './config-providers.ts';
import { createRefusals } from './create-refusals.ts';
import { faultsAndInitialStates } from './faults-and-initial-states.ts';
import { internalEndpoints } from './internal-endpoints.ts';
import { lifecycleByState } from './lifecycle-by-state.ts';
import { loggers } from './loggers.ts';
import { oddBodies } from './odd-bodies.ts';
import { oddNames } from './odd-names.ts';
import { oddPaths } from './odd-paths.ts';
import { overridePolicies } from './override-policies.ts';
import { pauseResumeRestart } from './pause-resume-restart.ts';
import { plugins } from './plugins.ts';
import { putAndPatchConfig } from './put-and-patch-config.ts';
import { readASource } from './read-a-source.ts';
import type { RequestGroup } from './request-group.ts';
import { sinkOffsets } from './sink-offsets.ts';
import { sourceOffsets } from './source-offsets.ts';
import { stoppedSource } from './stopped-source.ts';
import { timeouts } from './timeouts.ts';
import { topicCreation } from './topic-creation.ts';
import { topicTracking } from './topic-tracking.ts';
import { transport } from './transport.ts';
import { unknownConnector } from './unknown-connector.ts';
import { validate } from './validate.ts';
import {
  adminListener,
  anyOrigin,
  crossOrigin,
  noAdmin,
  oddTransport,
  responseHeaders,
} from './what-surrounds-resources.ts';

/** Every group, in the order of the run; those of one profile follow each other. */
export const requestGroups: readonly RequestGroup[] = [
  alteredByTheConnector,
  basicAuth,
  configProviders,
  createRefusals,
  faultsAndInitialStates,
  internalEndpoints,
  lifecycleByState,
  loggers,
  oddBodies,
  oddNames,
  oddPaths,
  ...overridePolicies,
  pauseResumeRestart,
  plugins,
  putAndPatchConfig,
  readASource,
  sinkOffsets,
  sourceOffsets,
  stoppedSource,
  timeouts,
  topicCreation,
  ...topicTracking,
  transport,
  unknownConnector,
  validate,
  adminListener,
  anyOrigin,
  crossOrigin,
  noAdmin,
  oddTransport,
  responseHeaders,
  debeziumUi,
  kafbatUi,
  kcctl,
  redpandaConsole,
  scripts,
  strimzi,
].sort((a, b) => (a.profile ?? 'plain').localeCompare(b.profile ?? 'plain'));
