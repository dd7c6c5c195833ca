/** The names that an Avro text defines, without what it refers to: for schemas whose references have references that are too many to parse. */

/** Fixed types that stand for them, as a text that defines nothing else. */
export function namesOnly(texts: readonly string[]): string {
  const names = new Set(texts.flatMap((text) => definedNames(text)));
  return JSON.stringify([...names].map((name) => ({ type: 'fixed', name, size: 1 })));
}

/** With their namespaces; none of a text that is no JSON. */
function definedNames(text: string): readonly string[] {
  const names: string[] = [];
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return names;
  }
  const open: { readonly node: unknown; readonly namespace: string }[] = [{ node: json, namespace: '' }];
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    const { node, namespace } = top;
    if (Array.isArray(node)) for (const each of node) open.push({ node: each, namespace });
    else if (typeof node === 'object' && node !== null) {
      const fields = node as Readonly<Record<string, unknown>>;
      const own = nameIn(fields, namespace);
      if (own !== undefined) names.push(own);
      const inner = own === undefined || !own.includes('.') ? namespace : own.slice(0, own.lastIndexOf('.'));
      // A field of a record has a type too, but no kind of its own.
      for (const key of ['type', 'fields', 'items', 'values']) {
        if (typeof fields[key] === 'object') open.push({ node: fields[key], namespace: inner });
      }
    }
  }
  return names;
}

function nameIn(fields: Readonly<Record<string, unknown>>, namespace: string): string | undefined {
  const { type, name } = fields;
  if (typeof name !== 'string' || typeof type !== 'string') return undefined;
  if (!['record', 'error', 'enum', 'fixed'].includes(type)) return undefined;
  const space = typeof fields['namespace'] === 'string' ? fields['namespace'] : namespace;
  return name.includes('.') || space === '' ? name : `${space}.${name}`;
}
