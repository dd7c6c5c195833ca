/**
 * Protobuf that the parser does not know: lists of messages in the value of an option, as Kafka Connect's converter writes for any field with
 * parameters, and semicolons that end nothing. Neither says anything of a type.
 */

/** A comment, a text, a character that matters here, or what lies between. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[={};]|[^\s"'/={};]+|["'/]/g;

/** With an empty text for each `= { ... }`, and without those semicolons; what does not end stays as it is. Lines keep their numbers. */
export function withoutOptionBlocks(text: string): string {
  const kept: string[] = [];
  let from = 0;
  let last = '';
  let block: { readonly at: number; depth: number } | undefined;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token.startsWith('//') || token.startsWith('/*')) continue;
    if (block !== undefined) {
      if (token === '{') block.depth++;
      if (token !== '}' || --block.depth > 0) continue;
      kept.push(text.slice(from, block.at), '""', text.slice(block.at, index).replace(/[^\n]+/g, ''));
      from = index + 1;
      last = '""';
      block = undefined;
      continue;
    }
    if (token === '{' && last === '=') block = { at: index, depth: 1 };
    else if (token === ';' && (last === ';' || last === '{' || last === '}')) {
      kept.push(text.slice(from, index));
      from = index + 1;
    }
    last = token;
  }
  kept.push(text.slice(from));
  return kept.join('');
}
