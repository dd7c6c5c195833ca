/** How a repair shows what it found: short, and never longer than a screen. */

const MOST = 20;

/** Indented lines; of many the first ones and how many more there are. Reads them once, and keeps no more than it shows. */
export function shownList(lines: Iterable<string>, most = MOST): readonly string[] {
  const shown: string[] = [];
  let more = 0;
  for (const line of lines) {
    if (shown.length < most) shown.push(`  ${line}`);
    else more++;
  }
  if (more > 0) shown.push(`  and ${more} more`);
  return shown;
}

/** Text as it is where it is text. */
export function shownKey(key: Uint8Array | null): string {
  if (key === null) return 'null';
  const text = Buffer.from(key).toString('utf8');
  return Buffer.from(text, 'utf8').equals(key) ? text : `0x${Buffer.from(key).toString('hex')}`;
}

export function shownVersion({ subject, version }: { readonly subject: string; readonly version: number }): string {
  return `${subject} version ${version}`;
}
