import type { AllowedDifference } from '../pair/allowed-differences.ts';

const ANY = /./;
const WRAPPED_AGAIN = 'org.apache.kafka.connect.errors.ConnectException: ';
const VERSION = /^\d+\.\d+\.\d+$/;

/** Every entry of theirs is there, in their order; ours has more. */
function hasMore(upstream: unknown, holdfast: unknown): boolean {
  if (!Array.isArray(upstream) || !Array.isArray(holdfast)) return false;
  const common = holdfast.filter((each) => upstream.includes(each));
  return common.length === upstream.length && common.every((each, i) => each === upstream[i]);
}

/** Ours is their list without some entries. */
function sameBut(isGone: (each: Record<string, unknown>) => boolean) {
  return (upstream: unknown, holdfast: unknown): boolean =>
    Array.isArray(upstream) && JSON.stringify(upstream.filter((each) => !isGone(each))) === JSON.stringify(holdfast);
}

/** The sentence is the same up to what it lists at its end. */
function sameUpTo(end: string): (upstream: unknown, holdfast: unknown) => boolean {
  // Upstream keeps the failure of a class that it was asked for once, and names the Java class of it from then on.
  const start = (text: unknown): string => (String(text).split(end)[0] ?? '').replace(WRAPPED_AGAIN, '');
  return (upstream, holdfast) => start(upstream) === start(holdfast) && String(upstream).includes(end);
}

/** The page is the same but for the line that names Jetty. */
function samePageButJetty(upstream: unknown, holdfast: unknown): boolean {
  const own = String(upstream).replace(/<hr\/?><a href="https:\/\/jetty\.org\/">.*<hr\/?>\n/, '');
  return own !== upstream && own === holdfast;
}

/** Differences between the answers of Kafka Connect and ours that are meant; rendered into docs/compat.md. */
export const allowedDifferences: readonly AllowedDifference[] = [
  {
    request: ANY,
    at: 'body.message',
    upstream: /^(Cannot invoke|Cannot deserialize|Cannot construct|Unexpected |Unrecognized |No content to map )/,
    holdfast: /JSON|Unrecognized field|deserialize/,
    reason:
      "A body that is no request: the status is Kafka Connect's, the sentence is ours instead of its parser's or of a NullPointerException's.",
  },
  {
    request: ANY,
    at: /(^body\[[\w.$]+ (source|sink|converter|header_converter|transformation|predicate)\]|connector|tasks\[\d+\])\.version$/,
    upstream: '4.1.1',
    holdfast: VERSION,
    reason: "The plugins that Kafka Connect comes with are ours here, and have our version, not Kafka's.",
  },
  {
    request: ANY,
    at: /(\[|\.)plugin\.version\]\.((definition\.)?default_?value|value\.value|value\.recommended_?values\[0\])$/i,
    upstream: '4.1.1',
    holdfast: VERSION,
    reason: 'The same version where a setting names it.',
  },
  {
    request: ANY,
    at: /^body\[[\w.$]+ (source|sink|converter|header_converter|transformation|predicate)\]$/,
    upstream: 'nothing',
    holdfast: /"class":"(io\.holdfast|io\.confluent|org\.apache\.kafka\.connect\.(tools|runtime))\./,
    reason: 'There are more plugins: those of Holdfast, the Avro converter, and the tools that Kafka Connect hides.',
  },
  {
    request: ANY,
    at: /\.value\.recommended_?values$/i,
    holds: hasMore,
    reason: 'So there are more to recommend.',
  },
  {
    request: ANY,
    at: /\[max\.line\.bytes\]$/,
    upstream: 'nothing',
    reason: 'FileStreamSource has a setting of ours that bounds its memory.',
  },
  {
    request: /^plugins\/plugin-config-(VerifiableSource|MockSink|SchemaSource)$/,
    at: /^(status|body)$/,
    upstream: /^404$|Unknown plugin/,
    reason: 'The connectors for tests are in a jar of their own upstream, which is not on the class path here.',
  },
  {
    request: /^(create-refusals|validate|kafbat-ui|strimzi|public-clients)\//,
    at: 'body.message',
    upstream: /Failed to find any class that implements Connector/,
    holds: sameUpTo(', available connectors are: '),
    reason: 'The list of the available connectors at the end of the sentence is ours.',
  },
  {
    request: ANY,
    at: /\.task\.class$/,
    upstream: /Task$/,
    holds: (upstream, holdfast) => String(upstream).replace(/Task$/, '') === String(holdfast).replace(/Connector$/, ''),
    reason:
      '`task.class` names the class of the connector, as a JavaScript task has no name by which it could be found.',
  },
  {
    request: ANY,
    at: 'body',
    upstream: /^<html>/,
    holds: samePageButJetty,
    reason: 'The page for a path that can be read in two ways says all but "Powered by Jetty".',
  },
  {
    request: /^basic-auth\//,
    at: 'header www-authenticate',
    upstream: 'null',
    holdfast: 'Basic realm="Connect"',
    reason:
      'The header that asks for a password is sent with every 401, as RFC 9110 wants it (row 11 of [the differences](guides/kafka-connect-differences.md)).',
  },
  {
    request: 'put-and-patch-config/patch-config-name',
    at: /^(status|body)$/,
    upstream: /^200$|"name":"other"/,
    holdfast: /^400$|doesn't match connector name/,
    reason:
      "PATCH that changes `name` is refused; Kafka Connect stores a configuration whose name is not the connector's (row 3 of [the differences](guides/kafka-connect-differences.md)).",
  },
  {
    request: 'put-and-patch-config/get-after-patch-name',
    at: 'body.name',
    upstream: 'other',
    holdfast: '<p>-created',
    reason: 'And so it is not stored.',
  },
  {
    request: 'topics-of-a-deleted-connector/topics-of-none',
    at: 'body.<p>-again.topics',
    upstream: '["<p>-again"]',
    holdfast: '[]',
    reason: 'A standalone worker of Kafka Connect keeps the topics of a deleted connector; KIP-558 has them reset.',
  },
  {
    request: /^(stopped-source|kcctl|public-clients)\//,
    at: 'body.tasks',
    upstream: /"state":"FAILED"/,
    holds: sameBut((task) => task['state'] === 'FAILED'),
    reason:
      "Restarting a task that isn't there leaves no FAILED task behind (row 4 of [the differences](guides/kafka-connect-differences.md)).",
  },
  {
    request: /^unknown-connector\//,
    at: /^(status|body)$/,
    upstream: /^500$|Cannot invoke |No connector |Failed to start task /,
    holdfast: /^404$|Unknown connector/,
    reason:
      "Restart and stop of an unknown connector are 404, as Kafka Connect's distributed worker answers (row 4 of [the differences](guides/kafka-connect-differences.md)).",
  },
  {
    request: /^timeouts\//,
    at: 'body.message',
    upstream: /^Request timed out/,
    holdfast: /^(?!Request timed out)/,
    reason:
      "Task configurations that can't be made fail the connector and say why, where Kafka Connect lets the request time out after 90 s.",
  },
  {
    request: 'timeouts/failtc-status',
    at: 'body.connector.state',
    upstream: 'RUNNING',
    holdfast: 'FAILED',
    reason: 'And so it is not RUNNING.',
  },
  {
    request: 'timeouts/failtc-status',
    at: 'body.connector.trace',
    upstream: 'nothing',
    holdfast: '<trace>',
    reason: 'The status says why.',
  },
  {
    request: /^topic-creation\//,
    at: 'body.message',
    upstream: /topic\.creation\.|for configuration partitions: /,
    holdfast: /^Failed to transition connector /,
    reason: 'Wrong `topic.creation.*` settings fail at the start of the connector; its status says which they are.',
  },
  {
    request: /^topic-creation\//,
    at: 'body.connector.version',
    upstream: 'null',
    holdfast: VERSION,
    reason: 'The version of a connector that failed so is shown all the same.',
  },
  {
    request: 'validate/validate-no-class',
    at: 'body.message',
    upstream: /contains no connector type$/,
    holdfast: /\[hidden\].* contains no connector type$/,
    reason: 'Values are hidden where no class says which of them are passwords.',
  },
  {
    request: 'config-providers/provider-validate',
    at: 'body.configs[topic].value.value',
    upstream: 'from-a-file',
    holdfast: '[hidden]',
    reason: 'What a config provider put in is hidden, whatever the type of the setting.',
  },
  {
    request: 'validate/validate-{p}-errors',
    at: /^body\.(error_count|configs\[cls\]\.value\.(value|errors))$/,
    upstream: /^9$|^null$|could not be found/,
    reason: "A connector's own setting of type CLASS takes any name: there are no classes of Java to find.",
  },
  {
    request: 'validate/validate-smt-undefined-predicate',
    at: /^body\.(error_count|configs\[transforms\.a\.predicate\]\.value\.errors)$/,
    upstream: /^(0|\[\])$/,
    holdfast: /^1$|no predicate of this alias/,
    reason: 'A predicate that is not declared is an error of the configuration; upstream the task fails.',
  },
];
