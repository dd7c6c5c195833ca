/** JSON as Java's readers take it: with comments (Avro's), and with anything behind its end. */

const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"|[[\]{}]|[^\s"/[\]{}]+|\s+|["/]/gs;

/** The object or list that a text begins with, without comments; the text itself where it is JSON already, or begins with neither. */
export function leadingJson(text: string): string {
  if (isJson(text)) return text;
  const kept: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith('//') || token.startsWith('/*')) continue;
    kept.push(token);
    if (token === '{' || token === '[') depth++;
    else if ((token === '}' || token === ']') && --depth <= 0) return kept.join('');
  }
  return text;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return false;
  }
}
