/** `response.http.headers.config`: rules for headers of every answer of the REST API. Kafka Connect 4.1.1 (KIP-577). */
import { ConfigError } from '../../sdk/errors/kinds.ts';

const ACTIONS = ['set', 'add', 'setDate', 'addDate'] as const;

export interface HeaderRule {
  readonly action: (typeof ACTIONS)[number];
  readonly name: string;
  /** For the dates: ms from now. */
  readonly value: string;
}

/**
 * Rules `[action] [name]:[value]`, separated by commas; one that has commas of its own stands in double quotes.
 * @throws ConfigError with Kafka Connect's message for the first that is wrong
 */
export function parseHeaderRules(text: string): readonly HeaderRule[] {
  return text.trim() === '' ? [] : splitRules(text).map(ruleOf);
}

function ruleOf(rule: string): HeaderRule {
  const [word = '', header] = splitOnce(rule.trim());
  if (header === undefined) {
    throw new ConfigError(
      `Invalid format of header config '${rule}'. Expected: '[action] [header name]:[header value]'`,
    );
  }
  const action = ACTIONS.find((each) => each.toLowerCase() === word.toLowerCase());
  if (action === undefined) {
    throw new ConfigError(`Invalid header config action: '${word}'. Expected one of [${ACTIONS.join(', ')}]`);
  }
  const parts = header.trim().split(':');
  const [name, value] = [parts[0]?.trim() ?? '', parts[1]?.trim() ?? ''];
  if (parts.length !== 2 || value === '') {
    throw new ConfigError(
      `Invalid format of header name and header value pair '${header}'. Expected: '[header name]:[header value]'`,
    );
  }
  if (name === '' || /\s/.test(name)) {
    throw new ConfigError(`Invalid header name '${name}'. The '[header name]' cannot contain whitespace`);
  }
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    throw new ConfigError(`Invalid header name '${name}'. It has characters that no header name may have`);
  }
  // Upstream takes these and fails, or answers nonsense, when the first request comes.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value)) {
    throw new ConfigError(`Invalid value of header '${name}'. It has characters that no header may have`);
  }
  if (action.endsWith('Date') && !/^-?\d{1,15}$/.test(value)) {
    throw new ConfigError(`Invalid value '${value}' of header '${name}'. A date is given in ms from now`);
  }
  return { action, name, value };
}

/** At the first blanks. */
function splitOnce(text: string): [string, string?] {
  const match = /^(\S*)\s+(.*)$/s.exec(text);
  return match === null ? [text] : [match[1] ?? '', match[2] ?? ''];
}

/** CSV: commas inside double quotes don't separate, a doubled or escaped quote is one. */
function splitRules(text: string): string[] {
  const rules: string[] = [];
  let rule = '';
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '"') {
      if (isQuoted && text[at + 1] === '"') {
        rule += '"';
        at += 1;
      } else isQuoted = !isQuoted;
    } else if (char === '\\' && isQuoted && (text[at + 1] === '"' || text[at + 1] === '\\')) {
      rule += text[at + 1];
      at += 1;
    } else if (char === ',' && !isQuoted) {
      rules.push(rule.trim());
      rule = '';
    } else rule += char;
  }
  return [...rules, rule.trim()];
}
