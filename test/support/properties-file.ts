import { writeFileSync } from 'node:fs';

/** Writes a Java .properties file: one `key=value` a line, escaped so that Java reads back these very strings. */
export function writeProperties(file: string, properties: Readonly<Record<string, string>>): void {
  const lines = Object.entries(properties).map(([key, value]) => `${escaped(key, true)}=${escaped(value, false)}`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}

function escaped(text: string, isKey: boolean): string {
  const result = text
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/^ /, '\\ ')
    .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return isKey ? result.replace(/[=: #!]/g, '\\$&') : result;
}
