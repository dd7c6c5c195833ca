/** Who we are to a registry. Names and defaults as Confluent's clients have them. */
import { ConfigValidators } from '../../sdk/config/index.ts';

export const AUTHENTICATION_SETTINGS = {
  'basic.auth.credentials.source': {
    type: 'STRING',
    default: 'URL',
    validator: ConfigValidators.in('URL', 'USER_INFO', 'SASL_INHERIT'),
    importance: 'medium',
    documentation:
      'Where the user and password of basic authentication stand: in the URL, in basic.auth.user.info, or in sasl.jaas.config (otherwise sasl.username and sasl.password), the worker’s own if the converter has none.',
  },
  'basic.auth.user.info': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'user:password, when basic.auth.credentials.source is USER_INFO.',
  },
  'bearer.auth.credentials.source': {
    type: 'STRING',
    default: 'STATIC_TOKEN',
    validator: ConfigValidators.in('STATIC_TOKEN', 'OAUTHBEARER', 'SASL_OAUTHBEARER_INHERIT'),
    importance: 'medium',
    documentation:
      'Where the bearer token comes from: bearer.auth.token, or an OAuth token endpoint that is asked with client credentials, which stand in bearer.auth.* (OAUTHBEARER) or, where those say nothing, in sasl.jaas.config and sasl.oauthbearer.token.endpoint.url (SASL_OAUTHBEARER_INHERIT).',
  },
  'bearer.auth.token': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'A token that is sent with each request as "Authorization: Bearer".',
  },
  'bearer.auth.issuer.endpoint.url': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation:
      'The token endpoint of the OAuth server. It is reached directly, not through proxy.host, with the TLS settings of the registry.',
  },
  'bearer.auth.client.id': {
    type: 'STRING',
    default: null,
    importance: 'medium',
    documentation: 'The id of the OAuth client.',
  },
  'bearer.auth.client.secret': {
    type: 'PASSWORD',
    default: null,
    importance: 'medium',
    documentation: 'The secret of the OAuth client.',
  },
  'bearer.auth.scope': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation: 'The scope to ask the token for.',
  },
  'bearer.auth.cache.expiry.buffer.seconds': {
    type: 'INT',
    default: 300,
    validator: ConfigValidators.range({ min: 0, max: 3600 }),
    importance: 'low',
    documentation:
      'How long before it expires a token is renewed. Requests go on with the old one meanwhile. A token that lives no longer than that is renewed after half of its life.',
  },
  'bearer.auth.logical.cluster': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation: 'Sent as the header target-sr-cluster, with a bearer token.',
  },
  'bearer.auth.identity.pool.id': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation: 'Sent as the header Confluent-Identity-Pool-Id, with a bearer token.',
  },
  'sasl.jaas.config': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The login that SASL_INHERIT and SASL_OAUTHBEARER_INHERIT take over; the worker’s own by default.',
  },
  'sasl.username': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation: 'The user that SASL_INHERIT takes over when there is no sasl.jaas.config.',
  },
  'sasl.password': {
    type: 'PASSWORD',
    default: null,
    importance: 'low',
    documentation: 'The password that SASL_INHERIT takes over when there is no sasl.jaas.config.',
  },
  'sasl.oauthbearer.token.endpoint.url': {
    type: 'STRING',
    default: null,
    importance: 'low',
    documentation: 'The token endpoint that SASL_OAUTHBEARER_INHERIT takes over; the worker’s own by default.',
  },
} as const;
