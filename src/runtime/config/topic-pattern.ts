/**
 * A regular expression of topics, as Java's Pattern takes it. JavaScript's Unicode mode, which knows \p{…}, refuses escapes that Java
 * allows, such as `\-`; then its older mode is tried. Of Java's inline flags a leading `(?i)` is known.
 * @throws SyntaxError when neither mode takes it
 */
export function topicPattern(source: string): RegExp {
  const ignoresCase = source.startsWith('(?i)');
  const whole = `^(?:${ignoresCase ? source.slice('(?i)'.length) : source})$`;
  const flags = ignoresCase ? 'i' : '';
  try {
    return new RegExp(whole, `${flags}u`);
  } catch {
    return new RegExp(whole, flags);
  }
}
