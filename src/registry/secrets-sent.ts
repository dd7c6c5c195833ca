/** Invariant 8: what we send to a registry to be let in is struck out of whatever it, or a gateway before it, says in return. */

const STRUCK_OUT = '[hidden]';
/** Shorter ones would be found in any text; a password is struck out however short. */
const LEAST_LENGTH = 4;

/** Of the headers that the settings add to a request: all values, of Authorization its parts as well. */
export function secretsOf(headers: Readonly<Record<string, string>>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    const scheme = /^authorization$|^proxy-authorization$/i.test(name) ? /^(\S+)\s+(.+)$/.exec(value) : null;
    if (scheme === null) return longEnough(value);
    const [, kind = '', token = ''] = scheme;
    const parts = /^basic$/i.test(kind) ? userInfoSecrets(Buffer.from(token, 'base64').toString('utf8')) : [];
    return [value, token, ...parts];
  });
}

/** `user:password`, as it is, encoded, and in parts. */
export function userInfoSecrets(userInfo: string): string[] {
  const colon = userInfo.indexOf(':');
  const user = colon < 0 ? userInfo : userInfo.slice(0, colon);
  const password = colon < 0 ? '' : userInfo.slice(colon + 1);
  return [userInfo, Buffer.from(userInfo, 'utf8').toString('base64'), password, ...longEnough(user)];
}

/** The text without any of them, percent-encoded ones included. */
export function struckOut(text: string, secrets: readonly string[]): string {
  if (text === '' || secrets.length === 0) return text;
  const forms = new Set(secrets.flatMap((secret) => [secret, encodeURIComponent(secret)]));
  forms.delete('');
  // The longest first: what contains another one would leave its rest behind.
  return [...forms].sort((a, b) => b.length - a.length).reduce((left, form) => left.replaceAll(form, STRUCK_OUT), text);
}

function longEnough(value: string): string[] {
  return value.length < LEAST_LENGTH ? [] : [value];
}
