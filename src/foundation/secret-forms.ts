/** The forms in which a secret travels. Invariant 8. */

/** What is shorter can't be told from ordinary text. */
export const LEAST_LENGTH = 4;
/** From here on a secret is found inside of other words as well. */
export const ANYWHERE_LENGTH = 8;
const LEAST_LINE = 12;

/** Words of our own texts and of many others. As a password, each is known to everybody anyway. */
const COMMON: ReadonlySet<string> = new Set(
  'true false null none undefined default password passwd secret secrets token tokens user username admin root guest test localhost kafka connect connector holdfast plain string source sink topic topics http https file key value earliest latest'.split(
    ' ',
  ),
);

/** The same in a URL, in a form and in JSON. */
const SAME_EVERYWHERE = /^[A-Za-z0-9_.-]*$/;

export function canBeTold(secret: string): boolean {
  const text = secret.trim();
  return text.length >= LEAST_LENGTH && !/^\d{1,7}$/.test(text) && !COMMON.has(text.toLowerCase());
}

/** As it is, percent-encoded, as JSON text, in base64, alone or behind other bytes, and each of its lines. */
export function formsOf(secret: string): Set<string> {
  const trimmed = secret.trim();
  const forms = new Set([secret, trimmed]);
  if (!SAME_EVERYWHERE.test(trimmed)) {
    forms.add(percentEncoded(trimmed)).add(formEncoded(trimmed)).add(JSON.stringify(trimmed).slice(1, -1));
  }
  if (trimmed.length >= ANYWHERE_LENGTH) addBase64Forms(forms, trimmed);
  if (/[\r\n]/.test(trimmed)) {
    for (const line of trimmed.split(/\r\n|\r|\n/)) {
      const part = line.trim();
      // The labels around a key or certificate are the same for everybody.
      if (part.length >= LEAST_LINE && !part.startsWith('-----')) forms.add(part);
    }
  }
  return forms;
}

/** What it looks like behind something else, as in `Basic` of user and password, depends on how many bytes stand before it. */
function addBase64Forms(forms: Set<string>, text: string): void {
  const padded = Buffer.concat([Buffer.alloc(2), Buffer.from(text, 'utf8')]);
  const length = padded.length - 2;
  const add = (base64: string): void => {
    forms.add(base64);
    if (/[+/=]/.test(base64)) forms.add(base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
  };
  for (let before = 0; before < 3; before++) {
    const encoded = padded.subarray(2 - before).toString('base64');
    if (before === 0) add(encoded);
    // The characters that are made of its own bits only.
    add(encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + length) * 8) / 6)));
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function percentEncoded(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    // Half of a surrogate pair can't be in a URL.
    return text;
  }
}
