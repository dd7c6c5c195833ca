/** TLS to a registry. Names as Confluent's clients have them: those of Kafka's clients behind `schema.registry.`. */
import { ConfigValidators, invalidValue } from '../../sdk/config/index.ts';

const STORE_TYPE = {
  type: 'STRING',
  default: null,
  validator: ConfigValidators.in('PEM', 'PKCS12', 'JKS', null),
  importance: 'low',
} as const;

/** As Confluent's clients take it: `none` or nothing turns the check off; Java's TLS then knows `https`, in upper or lower case. */
export function checksHostname(algorithm: string): boolean {
  return algorithm !== '' && algorithm !== 'none';
}

export const TLS_SETTINGS = {
  'schema.registry.ssl.truststore.location': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: 'A PEM file with the certificate authorities to trust, instead of those that Node trusts.',
  },
  'schema.registry.ssl.truststore.certificates': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The certificate authorities to trust, as PEM text.',
  },
  'schema.registry.ssl.truststore.type': {
    ...STORE_TYPE,
    documentation:
      'The format of the trust store. Only PEM can be read; for PKCS12 and JKS the error has the command that converts them.',
  },
  'schema.registry.ssl.truststore.password': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'Not needed: a trust store in PEM has no password.',
  },
  'schema.registry.ssl.keystore.location': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: "A PEM or PKCS12 file with the client's certificate chain and private key, for mutual TLS.",
  },
  'schema.registry.ssl.keystore.certificate.chain': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: "The client's certificate chain, as PEM text.",
  },
  'schema.registry.ssl.keystore.key': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: "The client's private key, as PEM text.",
  },
  'schema.registry.ssl.keystore.type': {
    ...STORE_TYPE,
    documentation:
      'The format of the key store: PEM or PKCS12, told from its content if not set. For JKS the error has the command that converts it.',
  },
  'schema.registry.ssl.keystore.password': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'The password of a PKCS12 key store.',
  },
  'schema.registry.ssl.key.password': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The password of the private key, when it is encrypted.',
  },
  'schema.registry.ssl.enabled.protocols': {
    type: 'LIST',
    default: ['TLSv1.2', 'TLSv1.3'],
    importance: 'low',
    documentation: 'The versions of TLS that may be used: TLSv1.2, TLSv1.3 or both.',
  },
  'schema.registry.ssl.endpoint.identification.algorithm': {
    type: 'STRING',
    default: 'https',
    validator: ConfigValidators.lambda((key, value) => {
      if (typeof value !== 'string' || !checksHostname(value) || value.toLowerCase() === 'https') return;
      throw invalidValue(
        key,
        value,
        "Give https to have the name in the registry's certificate checked; none, or nothing, not to",
      );
    }, 'https, none, or empty'),
    importance: 'low',
    documentation: "https: the name in the registry's certificate is checked. none, or empty: it is not.",
  },
} as const;
