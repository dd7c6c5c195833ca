import { translateJavaRegex } from '../../foundation/java-regex-translator.ts';

/**
 * A regular expression of whole topic names, as Java's Pattern takes it.
 * @throws Error in Java's words for one that Java refuses; of our own for what JavaScript can't do, such as `\G`
 */
export function topicPattern(source: string): RegExp {
  return new RegExp(`^(?:${translateJavaRegex(source).regex})$`, 'v');
}
