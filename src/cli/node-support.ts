/** Which Node versions the project they belong to still mends. */

/** Ends of support, from Node's release schedule. */
const END_OF_LIFE: Readonly<Record<number, string>> = {
  20: '2026-04-30',
  22: '2027-04-30',
  24: '2028-04-30',
  26: '2029-04-30',
};

/** The date on which the support of this major version ended, or null while it has not. */
export function supportEnded(version: string, today: Date): string | null {
  const major = Number(/^v?(\d+)/.exec(version)?.[1]);
  const end = END_OF_LIFE[major];
  return end !== undefined && today.getTime() > Date.parse(`${end}T23:59:59Z`) ? end : null;
}
