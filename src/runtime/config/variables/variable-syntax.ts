/** `${provider:[path:]key}`, by the expression of Kafka's own ConfigTransformer (4.1.1): one pass, no nesting. */

export interface Variable {
  readonly provider: string;
  /** Empty in `${provider:key}`. */
  readonly path: string;
  readonly key: string;
}

/** Whether a text has variables in it, of whichever provider. */
export function hasVariable(text: string): boolean {
  return foundIn(text).next().done === false;
}

export function variablesIn(text: string): Variable[] {
  const variables: Variable[] = [];
  for (const found of foundIn(text)) variables.push(found.variable);
  return variables;
}

/** The text with the value of each variable; one without a value stays as it is. */
export function withValues(text: string, lookUp: (variable: Variable) => string | undefined): string {
  let result = '';
  let from = 0;
  for (const { variable, start, end } of foundIn(text)) {
    result += text.slice(from, start) + (lookUp(variable) ?? text.slice(start, end));
    from = end;
  }
  return result + text.slice(from);
}

/**
 * What the regular expression of Kafka Connect finds, in one pass: the expression itself takes the cube of the length of
 * a text such as `${::::`.
 */
function* foundIn(text: string): Generator<{ variable: Variable; start: number; end: number }> {
  for (let start = text.indexOf('${'); start >= 0; ) {
    const close = text.indexOf('}', start);
    if (close < 0) return;
    const [provider = '', second, ...rest] = text.slice(start + 2, close).split(':');
    if (second !== undefined) {
      const variable =
        rest.length === 0 ? { provider, path: '', key: second } : { provider, path: second, key: rest.join(':') };
      yield { variable, start, end: close + 1 };
    }
    start = text.indexOf('${', close);
  }
}

/** How it is written. */
export function variableText({ provider, path, key }: Variable): string {
  return path === '' ? `\${${provider}:${key}}` : `\${${provider}:${path}:${key}}`;
}
