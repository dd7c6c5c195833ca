import type { TlsMaterial } from './tls.ts';

/** How clients reach a listener: what protects the connection, and how they authenticate. */
export type KafkaListenerKind =
  | 'plaintext'
  | 'sasl_plain'
  /** Takes JWTs that nobody signed. */
  | 'sasl_oauthbearer'
  | 'scram_sha_256'
  | 'scram_sha_512'
  | 'ssl'
  | 'ssl_mutual'
  | 'sasl_ssl_plain'
  | 'sasl_ssl_scram_sha_256'
  | 'sasl_ssl_scram_sha_512';

/** A listener to start Kafka with. */
export interface KafkaListener {
  readonly kind: KafkaListenerKind;
  /** What the test calls it; its kind unless told. Two listeners need two names. */
  readonly name?: string;
  /** A free port unless told. */
  readonly port?: number;
  /** The port that the broker tells clients of this listener to use: that of a proxy in front of it. Its own unless told. */
  readonly advertisedPort?: number;
}

/** A listener with nothing left open. */
export interface ResolvedListener {
  readonly kind: KafkaListenerKind;
  readonly name: string;
  readonly port: number;
  readonly advertisedPort: number;
}

export function needsTls(kind: KafkaListenerKind): boolean {
  return kind.includes('ssl');
}

/** The SCRAM mechanism of a listener, in Kafka's spelling; undefined for the others. */
export function scramMechanism(kind: KafkaListenerKind): 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | undefined {
  if (kind.endsWith('scram_sha_256')) return 'SCRAM-SHA-256';
  return kind.endsWith('scram_sha_512') ? 'SCRAM-SHA-512' : undefined;
}

/** The broker's properties for these listeners and one controller listener. The first is the inter-broker listener. */
export function listenerProperties(
  listeners: readonly ResolvedListener[],
  {
    controllerPort,
    user,
    tls,
  }: {
    readonly controllerPort: number;
    readonly user: { readonly username: string; readonly password: string };
    readonly tls: TlsMaterial | undefined;
  },
): Record<string, string> {
  const first = listeners[0];
  if (first === undefined) throw new Error('Kafka needs a listener');
  const properties: Record<string, string> = {
    listeners: [
      ...listeners.map((l) => `${l.name}://127.0.0.1:${l.port}`),
      `CONTROLLER://127.0.0.1:${controllerPort}`,
    ].join(),
    'advertised.listeners': listeners.map((l) => `${l.name}://127.0.0.1:${l.advertisedPort}`).join(),
    'listener.security.protocol.map': [
      ...listeners.map((l) => `${l.name}:${securityProtocol(l.kind)}`),
      'CONTROLLER:PLAINTEXT',
    ].join(),
    'inter.broker.listener.name': first.name,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
  };
  const credentials = `username="${user.username}" password="${user.password}"`;
  for (const { kind, name } of listeners) {
    const prefix = `listener.name.${name.toLowerCase()}`;
    const scram = scramMechanism(kind);
    if (scram !== undefined) {
      properties[`${prefix}.sasl.enabled.mechanisms`] = scram;
      properties[`${prefix}.${scram.toLowerCase()}.sasl.jaas.config`] =
        `org.apache.kafka.common.security.scram.ScramLoginModule required ${credentials};`;
    } else if (kind === 'sasl_oauthbearer') {
      properties[`${prefix}.sasl.enabled.mechanisms`] = 'OAUTHBEARER';
      properties[`${prefix}.oauthbearer.sasl.jaas.config`] =
        'org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";';
    } else if (kind.endsWith('plain')) {
      properties[`${prefix}.sasl.enabled.mechanisms`] = 'PLAIN';
      properties[`${prefix}.plain.sasl.jaas.config`] =
        `org.apache.kafka.common.security.plain.PlainLoginModule required ${credentials} user_${user.username}="${user.password}";`;
    }
    if (needsTls(kind) && tls !== undefined) {
      properties[`${prefix}.ssl.keystore.type`] = 'PEM';
      properties[`${prefix}.ssl.keystore.key`] = tls.server.key;
      properties[`${prefix}.ssl.keystore.certificate.chain`] = tls.server.cert;
      properties[`${prefix}.ssl.truststore.type`] = 'PEM';
      properties[`${prefix}.ssl.truststore.certificates`] = tls.ca;
      properties[`${prefix}.ssl.client.auth`] = kind === 'ssl_mutual' ? 'required' : 'none';
    }
  }
  const interBrokerMechanism = scramMechanism(first.kind) ?? (first.kind.endsWith('plain') ? 'PLAIN' : undefined);
  if (interBrokerMechanism !== undefined) properties['sasl.mechanism.inter.broker.protocol'] = interBrokerMechanism;
  return properties;
}

function securityProtocol(kind: KafkaListenerKind): string {
  if (kind === 'plaintext') return 'PLAINTEXT';
  if (kind === 'ssl' || kind === 'ssl_mutual') return 'SSL';
  return kind.startsWith('sasl_ssl') ? 'SASL_SSL' : 'SASL_PLAINTEXT';
}
