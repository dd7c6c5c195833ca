/** What an outage is called by, for people. */
import type { CallResult } from './endpoints.ts';
import type { OutageCause } from './prober.ts';
import { REGISTRY_MISLEADING } from './registry-errors.ts';

/** Of one that began with this answer, or goes on with it. */
export function causeOf({ verdict, reason, status }: CallResult): OutageCause {
  const retryAfterMs = verdict.class === 'park' ? (verdict.retryAfterMs ?? 0) : 0;
  // A 403 may be the right to one subject, and must not hold up the others. Nobody waits longer to be told of settings that never served.
  const refusal = verdict.class === 'park' && status === 401 ? ({ refusesUser: true } as const) : {};
  if (verdict.class === 'park' && verdict.misleading === 'perhaps') {
    return { reason: `${reason}. ${NOT_KNOWN_YET}`, retryAfterMs, ...refusal };
  }
  const isMisleading = verdict.class === 'config' || (verdict.class === 'park' && verdict.misleading === true);
  return isMisleading
    ? { reason: `${reason}. ${hintOf(status)}`, retryAfterMs, code: REGISTRY_MISLEADING, ...refusal }
    : { reason, retryAfterMs };
}

const NOT_KNOWN_YET =
  'It looks like a wrong setting; whether a registry served with it before is known when the schema store has been read, and if none did, what waits fails';

function hintOf(status: number | undefined): string {
  if (status === undefined) {
    return 'It looks like wrong TLS or proxy settings, but they served before: look at the certificate of the registry, and at the proxy';
  }
  return status === 401 || status === 403
    ? 'It looks like wrong credentials, but they were taken before: look at what checks them; if they were changed there, change them here'
    : 'It looks like a wrong URL, but a registry served there before: look at the ingress or proxy in front of it';
}
