/**
 * The statements of a Protobuf file, as generously as any registry reads them: what another parser refuses may be a newer edition, or an order or
 * a form that it does not know, and is no damage. Neither names nor numbers are compared with each other.
 */

const TOKEN = /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|[\w.]+|\S/g;
const BLANK = /^(?:\s|\/[/*])/;
const WORD = /^\w*[A-Za-z_.][\w.]*$/;
const INTEGER = /^(?:0x[\da-f]+|\d+)$/i;
const TEXT = /^["'][\s\S]*["']$/;
const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** @returns the imports that have to be there; undefined: it is no Protobuf to anybody. @throws RangeError where it is nested too deeply */
export function requiredImports(text: string): readonly string[] | undefined {
  try {
    return new Statements(text).file();
  } catch (error) {
    if (error instanceof NotProtobuf) return undefined;
    throw error;
  }
}

class NotProtobuf extends Error {}

class Statements {
  private readonly tokens: Iterator<RegExpExecArray>;
  /** '' behind the end. */
  private next = '';

  constructor(text: string) {
    this.tokens = text.matchAll(TOKEN);
    this.take();
  }

  file(): readonly string[] {
    const imports: string[] = [];
    while (this.next !== '') {
      const first = this.take();
      if (first === ';') continue;
      if (first === 'syntax' || first === 'edition') this.expect('=').texts().expect(';');
      else if (first === 'package') this.word().expect(';');
      else if (first === 'import') imports.push(...this.import());
      else this.definition(first);
    }
    return imports;
  }

  /** Weak ones and those of options may be missing. */
  private import(): readonly string[] {
    const isOptional = this.next === 'weak' || this.next === 'option';
    if (isOptional || this.next === 'public') this.take();
    const name = this.next.slice(1, -1);
    this.texts().expect(';');
    return isOptional ? [] : [name];
  }

  private definition(first: string): void {
    if (first === 'option') this.value(';');
    else if (first === 'export' || first === 'local') this.definition(this.take());
    else if (first === 'message' || first === 'extend') this.word().fields();
    else if (first === 'enum') this.word().block((name) => this.enumValue(name));
    else if (first === 'service') this.word().block((name) => this.method(name));
    else throw new NotProtobuf();
  }

  private fields(): void {
    this.block((first) => {
      if (first === 'extensions' || first === 'reserved') this.value(';');
      else if (first === 'oneof') this.word().fields();
      else if (['option', 'message', 'extend', 'enum', 'export', 'local'].includes(first)) this.definition(first);
      else this.field(first);
    });
  }

  private field(first: string): void {
    if (!WORD.test(first)) throw new NotProtobuf();
    let type = first;
    if (type === 'map' && this.next === '<') this.expect('<').word().expect(',').word().expect('>');
    else if (['optional', 'required', 'repeated'].includes(type)) type = this.take();
    if (!WORD.test(type)) throw new NotProtobuf();
    // The name; without one, what looked like a label was a type of that name.
    if (this.next !== '=' || type === first) this.word();
    this.expect('=').integer().options();
    if (type === 'group' && this.next === '{') this.fields();
    else this.expect(';');
  }

  private enumValue(first: string): void {
    if (first === 'option' || first === 'reserved') {
      this.value(';');
      return;
    }
    if (!WORD.test(first)) throw new NotProtobuf();
    this.expect('=');
    if (this.next === '-') this.take();
    this.integer().options().expect(';');
  }

  private method(first: string): void {
    if (first === 'option') {
      this.value(';');
      return;
    }
    if (first !== 'rpc' && first !== 'stream') throw new NotProtobuf();
    this.word().expect('(').value(')');
    if (first === 'rpc') this.expect('returns').expect('(').value(')');
    if (this.next === ';') this.take();
    else {
      this.block((option) => {
        if (option !== 'option') throw new NotProtobuf();
        this.value(';');
      });
    }
  }

  /** Semicolons that end nothing are passed over. */
  private block(statement: (first: string) => void): void {
    this.expect('{');
    while (this.next !== '}') {
      const first = this.take();
      if (first !== ';') statement(first);
    }
    this.take();
  }

  private options(): this {
    if (this.next === '[') this.expect('[').value(']');
    return this;
  }

  /** Something, whatever it is, but with its brackets in order, and with its end. */
  private value(end: string): void {
    const open: string[] = [];
    for (let count = 0; ; count++) {
      const token = this.take();
      if (open.length === 0 && token === end) {
        if (count > 0) return;
        throw new NotProtobuf();
      }
      const closing = CLOSING[token];
      if (closing !== undefined) open.push(closing);
      else if (token === '}' || token === ']' || token === ')') {
        if (open.pop() !== token) throw new NotProtobuf();
      } else if (!TEXT.test(token) && !/^(?:[\w.]+|[-+:,;=<>/])$/.test(token)) throw new NotProtobuf();
    }
  }

  private texts(): this {
    do this.expect(TEXT);
    while (TEXT.test(this.next));
    return this;
  }

  private word(): this {
    return this.expect(WORD);
  }

  private integer(): this {
    return this.expect(INTEGER);
  }

  private expect(what: string | RegExp): this {
    if (typeof what === 'string' ? this.next !== what : !what.test(this.next)) throw new NotProtobuf();
    this.take();
    return this;
  }

  /** @returns what was next until now; '' behind the end */
  private take(): string {
    const taken = this.next;
    let found = this.tokens.next();
    while (found.done !== true && BLANK.test(found.value[0])) found = this.tokens.next();
    this.next = found.done === true ? '' : found.value[0];
    return taken;
  }
}
