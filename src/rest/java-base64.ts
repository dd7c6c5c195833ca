/** Base64 as strictly as Java reads it, with its messages: they are part of what the REST API answers. Kafka Connect 4.1.1. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @throws Error `Illegal base64 character 21`, the code in hex, and Java's other messages. */
export function decodeBase64(text: string): Buffer {
  const body = text.replace(/={1,2}$/, '');
  for (const [index, char] of [...body].entries()) {
    if (ALPHABET.includes(char)) continue;
    if (char === '=') {
      throw new Error(index % 4 < 2 ? 'Input byte array has wrong 4-byte ending unit' : incorrectEnd(index, body));
    }
    throw new Error(`Illegal base64 character ${(char.codePointAt(0) ?? 0).toString(16)}`);
  }
  const padding = text.length - body.length;
  const rest = body.length % 4;
  if (rest === 1 && padding === 0) throw new Error('Last unit does not have enough valid bits');
  // Padding may be left out altogether, but not in part.
  if (padding > 0 && rest + padding !== 4) throw new Error('Input byte array has wrong 4-byte ending unit');
  return Buffer.from(body, 'base64');
}

function incorrectEnd(index: number, body: string): string {
  const end = body[index + 1] === '=' ? index + 2 : index + 1;
  return `Input byte array has incorrect ending byte at ${end}`;
}
