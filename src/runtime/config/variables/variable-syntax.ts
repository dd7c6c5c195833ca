/** `${provider:[path:]key}`, by Kafka Connect's own expression: one pass, no nesting. Kafka Connect 4.1.1, chapter 9. */
const VARIABLE = /\$\{([^}]*?):(([^}]*?):)?([^}]*?)\}/g;

export interface Variable {
  readonly provider: string;
  /** Empty in `${provider:key}`. */
  readonly path: string;
  readonly key: string;
}

/** Whether a text has variables in it, of whichever provider. */
export function hasVariable(text: string): boolean {
  return text.search(VARIABLE) >= 0;
}

export function variablesIn(text: string): Variable[] {
  return [...text.matchAll(VARIABLE)].map(([, provider = '', , path = '', key = '']) => ({ provider, path, key }));
}

/** The text with the value of each variable; one without a value stays as it is. */
export function withValues(text: string, lookUp: (variable: Variable) => string | undefined): string {
  return text.replace(
    VARIABLE,
    (variable: string, provider: string, _pathAndColon: string | undefined, path: string | undefined, key: string) =>
      lookUp({ provider, path: path ?? '', key }) ?? variable,
  );
}

/** How it is written. */
export function variableText({ provider, path, key }: Variable): string {
  return path === '' ? `\${${provider}:${key}}` : `\${${provider}:${path}:${key}}`;
}
