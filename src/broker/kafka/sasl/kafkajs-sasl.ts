/** How kafkajs is told to authenticate. It has PLAIN and SCRAM; its own OAUTHBEARER takes a refusal for a success. */
import type { SASLOptions } from 'kafkajs';
import { ConfigError } from '../../../sdk/errors/index.ts';
import { AUTHENTICATION_FAILED } from '../kafka-errors.ts';
import type { SaslSettings } from './sasl-settings.ts';
import type { TokenSource } from './token-source.ts';

interface Exchange {
  readonly request: { readonly encode: () => Promise<Buffer> };
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<Buffer>;
    readonly parse: (bytes: Buffer) => Promise<Buffer>;
  };
}

interface AuthenticationTarget {
  readonly host: string;
  readonly port: number;
  readonly saslAuthenticate: (exchange: Exchange) => Promise<Buffer | undefined>;
}

export function kafkaJsSasl(sasl: SaslSettings, tokens: TokenSource | null): SASLOptions {
  if (sasl.mechanism !== 'oauthbearer') return { ...sasl } as SASLOptions;
  if (tokens === null) throw new Error('OAUTHBEARER needs a source of tokens');
  const authenticationProvider = (target: AuthenticationTarget) => ({
    authenticate: () => authenticate(target, tokens),
  });
  return { mechanism: 'oauthbearer', authenticationProvider } as unknown as SASLOptions;
}

/** RFC 7628: the broker answers a token that it refuses with a JSON text, and a client that has read it sends one octet. */
async function authenticate(
  { host, port, saslAuthenticate }: AuthenticationTarget,
  tokens: TokenSource,
): Promise<void> {
  const token = await tokens.value();
  const extensions = Object.entries(tokens.extensions).map(([name, value]) => `${name}=${value}\x01`);
  const answer = await saslAuthenticate(exchangeOf(`n,,\x01auth=Bearer ${token}\x01${extensions.join('')}\x01`));
  if (answer === undefined || answer.length === 0) return;
  tokens.refused(token);
  const refusal = await saslAuthenticate(exchangeOf('\x01')).then(
    () => '',
    (error: Error) => `: ${error.message.replaceAll(token, '[hidden]')}`,
  );
  throw new ConfigError(
    `Kafka at ${host}:${port} refused the token of OAUTHBEARER (${statusOf(answer)})${refusal.replace(/[. ]+$/, '')}. Check what the broker expects: issuer, audience, scope and the claim that names the user.`,
    { code: AUTHENTICATION_FAILED },
  );
}

function exchangeOf(text: string): Exchange {
  return {
    request: { encode: async () => withLength(Buffer.from(text, 'utf8')) },
    // They come with their length before them, as in the old protocol.
    response: { decode: async (bytes) => bytes.subarray(4), parse: async (bytes) => bytes },
  };
}

/** As kafkajs's encoders hand bytes over. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function statusOf(answer: Buffer): string {
  const [, status = 'invalid_token'] = /"status"\s*:\s*"([\w.-]{1,64})"/.exec(answer.toString('utf8')) ?? [];
  return status;
}
