import { writeFileSync } from 'node:fs';

/** Writes a Java .properties file: one `key=value` a line, escaped so that Java reads back these very strings. */
export function writeProperties(file: string, properties: Readonly<Record<string, string>>): void {
  const lines = Object.entries(properties).map(([key, value]) => `${escape(key, true)}=${escape(value, false)}`);
  writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
}

function escape(text: string, isKey: boolean): string {
  const escaped = text
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replace(/^ /, '\\ ')
    .replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return isKey ? escaped.replace(/[=: #!]/g, '\\$&') : escaped;
}
