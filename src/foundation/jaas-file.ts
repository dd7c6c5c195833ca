/** Files of Java's login configuration: `Context { Module flag key="value"; };`, as `java.security.auth.login.config` names them. */

export interface JaasEntry {
  /** Class name of the login module. */
  readonly loginModule: string;
  readonly options: ReadonlyMap<string, string>;
}

const TOKEN = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"((?:[^"\\\n]|\\.)*)"|([^\s"{};=/]+|\/)|([{};=])/y;
const FLAGS = ['required', 'requisite', 'sufficient', 'optional'];

interface Token {
  readonly text: string;
  readonly isSymbol: boolean;
}

/** Entries by context, in the order of the file. @throws Error that says what is wrong and quotes no value. */
export function parseJaasFile(text: string): ReadonlyMap<string, readonly JaasEntry[]> {
  const tokens = tokensOf(text);
  const contexts = new Map<string, readonly JaasEntry[]>();
  const isNext = (symbol: string): boolean => tokens[0]?.isSymbol === true && tokens[0].text === symbol;
  const expect = (symbol: string, where: string): void => {
    if (!isNext(symbol)) throw new Error(`a '${symbol}' is missing ${where}`);
    tokens.shift();
  };
  const word = (what: string): string => {
    const token = tokens.shift();
    if (token === undefined || token.isSymbol) throw new Error(`${what} is missing`);
    return token.text;
  };
  while (tokens.length > 0) {
    const name = word('the name of a context');
    if (contexts.has(name)) throw new Error(`the context ${name} is there twice`);
    expect('{', `after the name of the context ${name}`);
    const entries: JaasEntry[] = [];
    while (!isNext('}')) {
      const loginModule = word(`a login module, or the '}' at the end, of ${name}`);
      if (!FLAGS.includes(word(`the control flag of ${loginModule}`).toLowerCase())) {
        throw new Error(`the control flag of ${loginModule} is none of ${FLAGS.join(', ')}`);
      }
      const options = new Map<string, string>();
      while (!isNext(';')) {
        const key = word(`an option of ${loginModule}, or the ';' at its end,`);
        expect('=', `after the option ${key} of ${loginModule}`);
        options.set(key, word(`the value of ${key} of ${loginModule}`));
      }
      expect(';', `after ${loginModule}`);
      entries.push({ loginModule, options });
    }
    expect('}', `at the end of ${name}`);
    expect(';', `after the '}' of ${name}`);
    contexts.set(name, entries);
  }
  return contexts;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new Error('a quote is not closed');
    const [, quoted, bare, symbol] = match;
    if (symbol !== undefined) tokens.push({ text: symbol, isSymbol: true });
    else if (quoted !== undefined) tokens.push({ text: quoted.replace(/\\(.)/g, '$1'), isSymbol: false });
    else if (bare !== undefined) tokens.push({ text: bare, isSymbol: false });
  }
  return tokens;
}
