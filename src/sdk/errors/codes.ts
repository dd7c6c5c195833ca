/**
 * The registry of error codes.
 *
 * Every error of Holdfast carries a stable, dotted code. Whoever raises one defines it here, beside the class or the module that throws
 * it, with what it means and how to mend it. The reference page of errors is generated from this table.
 */

/** What a reader needs to know about a code. Both are whole sentences. */
export interface ErrorCodeEntry {
  readonly what: string;
  readonly mend: string;
}

const CODE_PATTERN = /^holdfast(\.[a-z][a-z0-9-]*){2,}$/;
const codes = new Map<string, ErrorCodeEntry>();

/**
 * Defines a code and returns it, so that it can be kept in a constant.
 *
 * Throws a plain `Error` (a mistake of the programmer, seen at import) if the code is not of the form `holdfast.<area>.<what>`, or was
 * defined before with other words.
 */
export function defineErrorCode<const C extends string>(code: C, entry: ErrorCodeEntry): C {
  if (!CODE_PATTERN.test(code)) {
    throw new Error(`The error code '${code}' is not of the form holdfast.<area>.<what> in lower case.`);
  }
  const known = codes.get(code);
  if (known !== undefined && (known.what !== entry.what || known.mend !== entry.mend)) {
    throw new Error(
      `The error code '${code}' is defined twice with different words. Define it once and import the constant.`,
    );
  }
  codes.set(code, Object.freeze({ what: entry.what, mend: entry.mend }));
  return code;
}

/** Every code defined by the modules loaded so far, in order of definition. */
export function errorCodes(): ReadonlyMap<string, ErrorCodeEntry> {
  return codes;
}
