import type { AllowedDifference } from '../pair/allowed-differences.ts';

const ANY = /./;

/** Differences between the answers of Kafka Connect and ours that are meant; rendered into docs/compat.md. */
export const allowedDifferences: readonly AllowedDifference[] = [
  {
    request: ANY,
    at: 'body.message',
    upstream: /^(Cannot invoke|Cannot deserialize|Cannot construct|Unexpected |Unrecognized field )/,
    holdfast: /JSON|Unrecognized field|deserialize/,
    reason:
      "A body that is no request: the status is Kafka Connect's, the sentence is ours instead of its parser's or of a NullPointerException's.",
  },
  {
    request: ANY,
    at: /(connector|tasks\[\d+\])\.version$/,
    upstream: '4.1.1',
    holdfast: /^\d/,
    reason: 'FileStreamSource and FileStreamSink are ours, and have our version.',
  },
  {
    request: /^(plugins|validate)\//,
    at: /^body\[/,
    reason: 'The versions of the plugins are ours, and there are more of them.',
  },
  {
    request: /^create-refusals\/post-(unknown-class|not-a-connector-class)$/,
    at: 'body.message',
    upstream: /^Failed to find any class that implements Connector/,
    holdfast: /^Failed to find any class that implements Connector/,
    reason: 'The list of the available connectors at the end of the sentence is ours.',
  },
  {
    request: 'create-refusals/post-sink-bad-regex',
    at: 'body.message',
    upstream: /Unclosed character class/,
    reason: 'What is wrong with a regular expression is said by the engine of the language.',
  },
  {
    request: /^faults-and-initial-states\//,
    at: /\.task\.class$/,
    reason:
      '`task.class` names the class of the connector, as a JavaScript task has no name by which it could be found.',
  },
  {
    request: /^loggers\//,
    at: /^body(\.root(\.level)?|\.level|\.org\.reflections\.last_modified)?$/,
    reason: 'The loggers that exist and their first levels depend on the logging library.',
  },
  {
    request: /^odd-(names|paths)\//,
    at: 'body',
    upstream: /^<html>/,
    holdfast: /^<html>/,
    reason: "The error page of the HTTP server: the status is the same, the page is Jetty's or ours.",
  },
  {
    request: /^put-and-patch-config\/(patch-config-name|get-after-patch-name)$/,
    at: ANY,
    reason:
      "PATCH that changes `name` is refused; Kafka Connect stores a configuration whose name is not the connector's (appendix A, 3).",
  },
  {
    request: 'stopped-source/status-paused-from-stopped',
    at: 'body.tasks',
    reason: "Restarting a task that isn't there leaves no FAILED task behind (appendix A, 4).",
  },
  {
    request: /^unknown-connector\//,
    at: /^(status|body\.(error_code|message))$/,
    upstream: /^(500|Cannot invoke .*|No connector .*|Failed to start task .*)$/,
    holdfast: /^(404|Unknown connector.*)$/,
    reason:
      "Restart and stop of an unknown connector are 404, as Kafka Connect's distributed worker answers (appendix A, 4).",
  },
  {
    request: /^timeouts\//,
    at: /^body\.(message|connector\.(state|trace))$/,
    reason:
      "Task configurations that can't be made fail the connector and say why, where Kafka Connect lets the request time out after 90 s.",
  },
  {
    request: /^topic-creation\//,
    at: /^body\.(message|connector\.version)$/,
    reason:
      'Wrong `topic.creation.*` settings fail at the start of the connector, whose version is shown all the same.',
  },
];
