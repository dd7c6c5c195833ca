/** How a registry is reached: URLs, credentials, TLS, time limits. Names as Confluent's clients have them. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const CONNECTION_SETTINGS = {
  'schema.registry.url': {
    type: 'LIST',
    importance: 'high',
    documentation:
      'Comma-separated URLs of the nodes of one schema registry. All of them must belong to the same cluster. Credentials may stand in the URL (https://user:password@host).',
  },
  'schema.registry.url.randomize': {
    type: 'BOOLEAN',
    default: false,
    importance: 'low',
    documentation: 'Begin with any of the URLs instead of the first.',
  },
  'basic.auth.credentials.source': {
    type: 'STRING',
    default: 'URL',
    validator: ConfigValidators.in('URL', 'USER_INFO'),
    importance: 'medium',
    documentation: 'Where the user and password of basic authentication stand: in the URL, or in basic.auth.user.info.',
  },
  'basic.auth.user.info': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'user:password, when basic.auth.credentials.source is USER_INFO.',
  },
  'schema.registry.basic.auth.user.info': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The same as basic.auth.user.info, which comes first; an older name.',
  },
  'bearer.auth.credentials.source': {
    type: 'STRING',
    default: 'STATIC_TOKEN',
    validator: ConfigValidators.in('STATIC_TOKEN'),
    importance: 'low',
    documentation: 'Where the bearer token comes from.',
  },
  'bearer.auth.token': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'A token that is sent with each request as "Authorization: Bearer".',
  },
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
    type: 'STRING',
    default: 'PEM',
    validator: ConfigValidators.in('PEM'),
    importance: 'low',
    documentation: 'The format of the trust store. Convert a JKS or PKCS12 one to PEM.',
  },
  'schema.registry.ssl.keystore.location': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: "A PEM file with the client's certificate chain and private key, for mutual TLS.",
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
    type: 'STRING',
    default: 'PEM',
    validator: ConfigValidators.in('PEM'),
    importance: 'low',
    documentation: 'The format of the key store. Convert a JKS or PKCS12 one to PEM.',
  },
  'schema.registry.ssl.key.password': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The password of the private key, when it is encrypted.',
  },
  'schema.registry.ssl.endpoint.identification.algorithm': {
    type: 'STRING',
    default: 'https',
    importance: 'low',
    documentation: "Empty: the name in the registry's certificate is not checked.",
  },
  'http.connect.timeout.ms': {
    type: 'INT',
    default: 2000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation: 'How long a connection to a node may take.',
  },
  'http.read.timeout.ms': {
    type: 'INT',
    default: 5000,
    validator: ConfigValidators.range({ min: 1 }),
    importance: 'low',
    documentation:
      'How long a node may take for a whole answer. A node that passes requests on to a hung primary holds them for up to a minute.',
  },
} as const;
