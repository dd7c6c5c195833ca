/** JSON text without loss: integers beyond 2^53 are bigint, in both directions. */

/** Only a number this long can lose digits in a JavaScript number. */
const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

/** As JSON.parse, but integers that no JavaScript number holds exactly become bigint. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  const plain: unknown = JSON.parse(text);
  return LONG_NUMBER.test(text) ? new LosslessParser(text).parse() : plain;
}

/** As JSON.stringify, but a bigint becomes a number of all its digits. */
export function stringifyJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(stringifyJson).join(',')}]`;
  const parts: string[] = [];
  for (const [key, each] of Object.entries(value)) parts.push(`${JSON.stringify(key)}:${stringifyJson(each)}`);
  return `{${parts.join(',')}}`;
}

/** For text that JSON.parse accepted: a parser that has no mistakes to look for. */
class LosslessParser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  parse(): unknown {
    this.skipSpace();
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string();
      default:
        return this.literal();
    }
  }

  private object(): unknown {
    const object: Record<string, unknown> = Object.create(null);
    this.at++;
    for (this.skipSpace(); this.text[this.at] !== '}'; this.skipSpace()) {
      if (this.text[this.at] === ',') {
        this.at++;
        this.skipSpace();
      }
      const key = this.string();
      this.skipSpace();
      this.at++;
      object[key] = this.parse();
    }
    this.at++;
    return object;
  }

  private array(): unknown {
    const array: unknown[] = [];
    this.at++;
    for (this.skipSpace(); this.text[this.at] !== ']'; this.skipSpace()) {
      if (this.text[this.at] === ',') this.at++;
      array.push(this.parse());
    }
    this.at++;
    return array;
  }

  private string(): string {
    const start = this.at;
    for (this.at++; this.text[this.at] !== '"'; this.at++) if (this.text[this.at] === '\\') this.at++;
    this.at++;
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private literal(): unknown {
    const start = this.at;
    while (this.at < this.text.length && !',]} \n\r\t'.includes(this.text.charAt(this.at))) this.at++;
    const literal = this.text.slice(start, this.at);
    const value: unknown = JSON.parse(literal);
    if (typeof value === 'number' && !Number.isSafeInteger(value) && INTEGER.test(literal)) return BigInt(literal);
    return value;
  }

  private skipSpace(): void {
    while (' \n\r\t'.includes(this.text.charAt(this.at)) && this.at < this.text.length) this.at++;
  }
}
