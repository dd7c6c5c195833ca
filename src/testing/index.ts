/** `holdfast/testing`: what tests of connectors, and of Holdfast itself, are made of. */
export type { RegistryOperation } from '../embedded-registry/routes.ts';
export type { RegistryVendor } from '../embedded-registry/vendor-profile.ts';
export {
  connectorAcceptance,
  type SinkAcceptanceOptions,
  type SinkFixture,
  type SourceAcceptanceOptions,
  type SourceFixture,
  type TestRunner,
} from './connector-acceptance.ts';
export { EmbeddedConnect, type EmbeddedConnectOptions, type RestAnswer, type ShownStatus } from './embedded-connect.ts';
export { type FaultMode, FaultProxy, type FaultProxyOptions } from './fault-proxy.ts';
export {
  type ScriptedNode,
  ScriptedRegistry,
  type ScriptedRegistryOptions,
  type TimelineRun,
} from './scripted-registry.ts';
export {
  type AnswerFault,
  errorAnswer,
  type RuleHandle,
  type ScriptedAnswer,
  type ScriptedFault,
  type ScriptedRequest,
  type ScriptedRule,
} from './scripted-registry-faults.ts';
export type { GroupScript } from './scripted-registry-group.ts';
export type { LoggedRequest, RequestFilter, RequestLog } from './scripted-registry-requests.ts';
export type { AcknowledgedId } from './scripted-registry-script.ts';
export {
  type RegistryTimeline,
  registryTimelines,
  type TimelineGroup,
  type TimelineRole,
  type TimelineStep,
} from './scripted-registry-timelines.ts';
export { MemoryOffsets, sinkTaskContext, sourceTaskContext, type TestContextOptions } from './task-contexts.ts';
