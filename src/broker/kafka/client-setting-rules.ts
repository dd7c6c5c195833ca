/** What Kafka's clients (4.1.1) refuse of their settings, beside texts that are not of the type. */
import { type ConfigValidator, ConfigValidators, invalidValue } from '../../sdk/config/index.ts';
import { javaDoubleText } from '../../sdk/data/java-text.ts';

const atLeast = (min: number): ConfigValidator => ConfigValidators.range({ min });

function between(min: number, max: number): ConfigValidator {
  return ConfigValidators.lambda(
    (key, value) => {
      if (!(Number(value) >= min))
        throw invalidValue(key, shown(value), `Value must be at least ${javaDoubleText(min)}`);
      if (!(Number(value) <= max)) {
        throw invalidValue(key, shown(value), `Value must be no more than ${javaDoubleText(max)}`);
      }
    },
    `[${javaDoubleText(min)},...,${javaDoubleText(max)}]`,
  );
}

function shown(value: unknown): unknown {
  return typeof value === 'number' ? javaDoubleText(value) : value;
}

/** In Java's words, a value that stands twice in its message. */
function quoted(isRight: (text: string) => boolean, expected: string): ConfigValidator {
  return ConfigValidators.lambda((key, value) => {
    if (typeof value === 'string' && isRight(value)) return;
    throw invalidValue(key, value, `Invalid value \`${value}\` for configuration ${key}. ${expected}`);
  }, expected);
}

const DURATION = /^by_duration:\+?P(?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/i;

const offsetReset = quoted(
  (text) => ['earliest', 'latest', 'none'].includes(text.toLowerCase()) || DURATION.test(text),
  "The value must be either 'earliest', 'latest', 'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'.",
);

const gzipLevel = ConfigValidators.lambda((key, value) => {
  if (value === -1 || (Number(value) >= 1 && Number(value) <= 9)) return;
  throw invalidValue(key, value, 'Value must be between 1 and 9 or equal to -1');
}, '[1,...,9] or -1');

export const CLIENT_RULES: ReadonlyMap<string, ConfigValidator> = new Map<string, ConfigValidator>([
  ['acks', ConfigValidators.in('all', '-1', '0', '1')],
  ['auto.offset.reset', offsetReset],
  ['client.dns.lookup', ConfigValidators.in('use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only')],
  ['compression.gzip.level', gzipLevel],
  ['compression.lz4.level', ConfigValidators.range({ min: 1, max: 17 })],
  ['compression.type', ConfigValidators.in('none', 'gzip', 'snappy', 'lz4', 'zstd')],
  ['compression.zstd.level', ConfigValidators.range({ min: -131_072, max: 22 })],
  ['group.instance.id', ConfigValidators.nonEmpty()],
  ['group.protocol', ConfigValidators.inIgnoreCase('CONSUMER', 'CLASSIC')],
  ['isolation.level', ConfigValidators.in('read_committed', 'read_uncommitted')],
  ['metadata.max.idle.ms', atLeast(5_000)],
  ['metadata.recovery.strategy', ConfigValidators.inIgnoreCase('REBOOTSTRAP', 'NONE')],
  ['metrics.recording.level', ConfigValidators.in('INFO', 'DEBUG', 'TRACE')],
  ['sasl.login.refresh.buffer.seconds', ConfigValidators.range({ min: 0, max: 3_600 })],
  ['sasl.login.refresh.min.period.seconds', ConfigValidators.range({ min: 0, max: 900 })],
  ['sasl.login.refresh.window.factor', between(0.5, 1)],
  ['sasl.login.refresh.window.jitter', between(0, 0.25)],
  ['sasl.oauthbearer.assertion.algorithm', ConfigValidators.inIgnoreCase('ES256', 'RS256')],
  ['sasl.oauthbearer.assertion.claim.exp.seconds', ConfigValidators.range({ min: 0, max: 86_400 })],
  ['sasl.oauthbearer.assertion.claim.nbf.seconds', ConfigValidators.range({ min: 0, max: 3_600 })],
  ['security.protocol', ConfigValidators.inIgnoreCase('SASL_SSL', 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT')],
  [
    'share.acknowledgement.mode',
    quoted((text) => /^(im|ex)plicit$/i.test(text), "The value must either be 'implicit' or 'explicit'."),
  ],
  ['transactional.id', ConfigValidators.nonEmpty()],
  ...[
    ...['receive.buffer.bytes', 'send.buffer.bytes'].map((key) => [key, atLeast(-1)] as const),
    ...['max.in.flight.requests.per.connection', 'max.poll.interval.ms', 'max.poll.records', 'metrics.num.samples'].map(
      (key) => [key, atLeast(1)] as const,
    ),
    ...[
      'auto.commit.interval.ms',
      'batch.size',
      'buffer.memory',
      'default.api.timeout.ms',
      'delivery.timeout.ms',
      'fetch.max.bytes',
      'fetch.max.wait.ms',
      'fetch.min.bytes',
      'linger.ms',
      'max.block.ms',
      'max.partition.fetch.bytes',
      'max.request.size',
      'metadata.max.age.ms',
      'metadata.recovery.rebootstrap.trigger.ms',
      'metrics.sample.window.ms',
      'partitioner.availability.timeout.ms',
      'reconnect.backoff.max.ms',
      'reconnect.backoff.ms',
      'request.timeout.ms',
      'retries',
      'retry.backoff.max.ms',
      'retry.backoff.ms',
    ].map((key) => [key, atLeast(0)] as const),
  ],
]);
