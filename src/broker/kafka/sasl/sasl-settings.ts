/** Who the client is: `sasl.` settings as Kafka's own clients (4.1.1) take them. Mistakes are reported by key; values never show. */
import { type JaasConfig, parseJaasConfig } from '../../../foundation/jaas-config.ts';
import { type OAuthSettings, oauthSettings } from './oauth-settings.ts';

export type SaslSettings =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
      readonly username: string;
      readonly password: string;
    }
  | { readonly mechanism: 'oauthbearer'; readonly oauth: OAuthSettings };

export interface SettingsSource {
  /** Marks the setting as known. */
  readonly setting: (key: string) => string | undefined;
  readonly report: (key: string, message: string) => void;
}

const MECHANISMS = { PLAIN: 'plain', 'SCRAM-SHA-256': 'scram-sha-256', 'SCRAM-SHA-512': 'scram-sha-512' } as const;
const ALL = [...Object.keys(MECHANISMS), 'OAUTHBEARER'].join(', ');

/** Settings that name Java classes: none of them can be loaded here. */
const JAVA_CLASSES = ['sasl.client.callback.handler.class', 'sasl.login.class'] as const;

/** null when there is a mistake, which was reported. */
export function saslSettings(source: SettingsSource): SaslSettings | null {
  const { setting, report } = source;
  const given = setting('sasl.mechanism')?.trim();
  const name = (given ?? 'GSSAPI').toUpperCase();
  for (const key of JAVA_CLASSES) {
    if (setting(key)) report(key, 'names a Java class, which does not exist here; leave it out');
  }
  if (name === 'GSSAPI') {
    report(
      'sasl.mechanism',
      given === undefined
        ? `is missing; Kafka's default, GSSAPI (Kerberos), is not supported here: give one of ${ALL}`
        : `is GSSAPI (Kerberos), which is not supported here: give one of ${ALL}, or use TLS with a client certificate (security.protocol=SSL)`,
    );
    return null;
  }
  if (!(name in MECHANISMS) && name !== 'OAUTHBEARER') {
    report('sasl.mechanism', `must be one of ${ALL}, not ${name}`);
    return null;
  }
  const text = setting('sasl.jaas.config');
  if (text === undefined && name !== 'OAUTHBEARER') {
    report('sasl.jaas.config', 'is missing; it names the login module, the user and the password');
    return null;
  }
  const jaas = text === undefined ? undefined : jaasOf(text, report);
  if (jaas === null) return null;
  if (name === 'OAUTHBEARER') {
    if (jaas !== undefined) checkModule(jaas, 'OAuthBearerLoginModule', name, report);
    const oauth = oauthSettings(source, jaas?.options ?? new Map());
    return oauth === null ? null : { mechanism: 'oauthbearer', oauth };
  }
  if (jaas === undefined) return null;
  checkModule(jaas, name === 'PLAIN' ? 'PlainLoginModule' : 'ScramLoginModule', name, report);
  const username = jaas.options.get('username');
  const password = jaas.options.get('password');
  if (username === undefined || password === undefined) {
    report('sasl.jaas.config', 'must give the login module a username and a password');
    return null;
  }
  if (jaas.options.get('tokenauth')?.toLowerCase() === 'true') {
    report(
      'sasl.jaas.config',
      'asks for a delegation token (tokenauth), which is not supported here; give a user and a password',
    );
    return null;
  }
  return { mechanism: MECHANISMS[name as keyof typeof MECHANISMS], username, password };
}

function jaasOf(text: string, report: SettingsSource['report']): JaasConfig | null {
  try {
    return parseJaasConfig(text);
  } catch (error) {
    report('sasl.jaas.config', `can't be read: ${error instanceof Error ? error.message : 'it is malformed'}`);
    return null;
  }
}

function checkModule(
  { loginModule }: JaasConfig,
  wanted: string,
  mechanism: string,
  report: SettingsSource['report'],
): void {
  if (!loginModule.endsWith(wanted))
    report('sasl.jaas.config', `must name the ${wanted} for sasl.mechanism=${mechanism}`);
}
