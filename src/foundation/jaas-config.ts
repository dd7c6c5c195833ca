/** One entry of a `sasl.jaas.config`. */
export interface JaasConfig {
  /** Class name of the login module. */
  readonly loginModule: string;
  readonly options: ReadonlyMap<string, string>;
}

/** A comment stands where a word could begin; in a bare word, as in http://host, it is none. Quoted texts are passed over. */
const COMMENT = /("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<![^\s;=])(?:\/\/[^\r\n]*|\/\*[\s\S]*?\*\/)/g;
const token = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s=;"']+)|([=;]))/y;

/**
 * Reads the one entry that `sasl.jaas.config` may hold: `Module flag key="value" key=value;` with quotes of either kind
 * and backslash escapes, and comments as Java has them. Throws an Error that says what is wrong and never quotes a value.
 */
export function parseJaasConfig(text: string): JaasConfig {
  const tokens = tokenize(text.replace(COMMENT, (_, quoted: string | undefined) => quoted ?? ' '));
  const word = (what: string): string => {
    const next = tokens.shift();
    if (next === undefined || next.symbol) throw new Error(`${what} is missing`);
    return next.text;
  };
  const loginModule = word('the login module');
  const flag = word('the control flag (required)');
  if (!['required', 'requisite', 'sufficient', 'optional'].includes(flag.toLowerCase())) {
    throw new Error('after the login module comes a control flag: required, requisite, sufficient or optional');
  }
  const options = new Map<string, string>();
  for (;;) {
    const next = tokens.shift();
    if (next === undefined) throw new Error("the ';' at the end is missing");
    if (next.symbol && next.text === ';') break;
    const equals = tokens.shift();
    if (next.symbol || equals?.symbol !== true || equals.text !== '=') {
      throw new Error(`option ${options.size + 1} is not of the form key=value or key="value"`);
    }
    options.set(next.text, word(`the value of option '${next.text}'`));
  }
  if (tokens.length > 0) throw new Error("something follows the ';': only one login module is allowed");
  return { loginModule, options };
}

/** As Java's StreamTokenizer, which reads JAAS texts: letters for control characters, octal numbers, anything else for itself. */
const ESCAPE = /\\([0-3][0-7]{2}|[0-7]{1,2}|[\s\S])/g;
const CONTROL: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(_match: string, escaped: string): string {
  return /^[0-7]/.test(escaped) ? String.fromCharCode(Number.parseInt(escaped, 8)) : (CONTROL[escaped] ?? escaped);
}

function tokenize(text: string): { text: string; symbol: boolean }[] {
  const tokens: { text: string; symbol: boolean }[] = [];
  token.lastIndex = 0;
  const end = text.trimEnd().length;
  while (token.lastIndex < end) {
    const match = token.exec(text);
    if (match === null) throw new Error('a quote is not closed');
    const [, double, single, bare, symbol] = match;
    const quoted = double ?? single;
    if (symbol !== undefined) tokens.push({ text: symbol, symbol: true });
    else tokens.push({ text: quoted === undefined ? (bare ?? '') : quoted.replace(ESCAPE, unescaped), symbol: false });
  }
  return tokens;
}
