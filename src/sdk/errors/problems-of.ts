import { ConfigError, type ConfigProblem } from './kinds.ts';

/** The mistakes that a check throws as a ConfigError; empty: it found none. Throws everything else that it throws. */
export function problemsOf(check: () => unknown): readonly ConfigProblem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}
