/** The credentials that a registry's settings name. */
import type { Clock } from '../foundation/clock.ts';
import { basicAuthorization, type Credentials, StaticCredentials } from './credentials.ts';
import type { HttpTransport } from './http-transport.ts';
import { OAuthCredentials } from './oauth-credentials.ts';
import type { RegistrySettings } from './registry-settings.ts';
import type { ServedSettings } from './served-settings.ts';

export interface OpenCredentialsOptions {
  readonly settings: RegistrySettings;
  /** Tells an OAuth server that took us in an earlier run. */
  readonly served: ServedSettings;
  readonly clock: Clock;
  /** Reaches an OAuth server, which the proxy of the registry is not for. */
  readonly direct: HttpTransport;
  readonly random?: () => number;
}

export function openCredentials(options: OpenCredentialsOptions): Credentials {
  const { settings, served, clock, direct, random } = options;
  const { credentials } = settings;
  switch (credentials.kind) {
    case 'none':
      return new StaticCredentials({});
    case 'basic':
      return new StaticCredentials({
        byNode: new Map(
          [...credentials.byNode].map(([node, { user, password }]) => [node, basicAuthorization(user, password)]),
        ),
        fallback: basicAuthorization(credentials.others.user, credentials.others.password),
      });
    case 'token':
      return new StaticCredentials({ fallback: `Bearer ${credentials.token}`, headers: credentials.headers });
    case 'oauth':
      return new OAuthCredentials({
        settings: credentials,
        transport: direct,
        clock,
        timeoutMs: settings.values['http.read.timeout.ms'],
        random,
        servedBefore: () => served.haveServed(),
      });
  }
}
