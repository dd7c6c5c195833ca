import type { ConfigKey } from './config-key.ts';
import { renderConfigValue } from './parse-value.ts';

/** A reference page of settings: a heading per group, and a paragraph with a table of facts per setting. */
export function configMarkdown(keys: readonly ConfigKey[], level: number): string {
  const groups = new Map<string, ConfigKey[]>();
  for (const key of keys) {
    const group = key.group ?? '';
    groups.set(group, [...(groups.get(group) ?? []), key]);
  }
  const blocks: string[] = [];
  for (const [group, members] of groups) {
    if (group !== '') blocks.push(`${'#'.repeat(level)} ${group}`);
    // A stable sort: settings without an order keep that of their definition.
    const ordered = [...members].sort((a, b) => orderOf(a) - orderOf(b));
    for (const key of ordered) blocks.push(describe(key, level + (group === '' ? 0 : 1)));
  }
  return `${blocks.join('\n\n')}\n`;
}

function orderOf(key: ConfigKey): number {
  return key.orderInGroup === -1 ? Number.MAX_SAFE_INTEGER : key.orderInGroup;
}

function describe(key: ConfigKey, level: number): string {
  const facts: [string, string][] = [
    ['Type', key.type.toLowerCase()],
    ['Default', key.required ? 'none, required' : defaultText(key)],
  ];
  if (key.validator !== null) facts.push(['Valid values', code(String(key.validator))]);
  facts.push(['Importance', key.importance]);
  const table = ['| | |', '|---|---|', ...facts.map(([name, value]) => `| ${name} | ${value} |`)];
  return `${'#'.repeat(level)} \`${key.name}\`\n\n${key.documentation}\n\n${table.join('\n')}`;
}

function defaultText(key: ConfigKey): string {
  const text = renderConfigValue(key.defaultValue, key.type);
  if (text === null) return 'null';
  return text === '' ? 'empty' : code(text);
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}
