/** Whether a text is a Protobuf file, and what it imports is there. */
import protobuf from 'protobufjs';
import type { NamedText } from './named-text.ts';
import { withoutOptionBlocks } from './protobuf-blocks.ts';
import { requiredImports } from './protobuf-statements.ts';
import { UncheckedText } from './unchecked-text.ts';

const OPTIONS = { keepCase: true } as const;
/** What every compiler of Protobuf refuses. */
const IS_CERTAIN = /^duplicate (?:name '|id \d+ in Type )/;
/** Registries bring these along; what of them the parser has no copy of is taken for good. */
const BUILT_IN = /^(?:google|confluent)\//;

/**
 * A serialized descriptor in base64, as some clients register it, is taken as it is.
 * @param references what it and those refer to, by the names under which they are imported; undefined: too many to look at
 * @throws {@link UncheckedText} for what the parser here refuses and another may take; Error with what is the matter for what nobody takes
 */
export function parseProtobuf(text: string, references: readonly NamedText[] | undefined): void {
  if (isDescriptor(text)) return;
  if (text.trim() === '') throw new Error('it is empty');
  const read = readImports(text);
  const texts = new Map(references?.map((each) => [each.name, each.text]));
  for (const name of references === undefined ? [] : read.imports) {
    if (!texts.has(name) && !BUILT_IN.test(name)) throw new Error(`it imports ${name}, and no reference has that name`);
  }
  if (read.refused !== undefined) throw new UncheckedText(read.refused);
  if (references === undefined) return;
  const lacking = unknownType(text, [...read.imports, ...read.weakImports], texts);
  if (lacking !== undefined) throw new Error(lacking);
}

interface Imports {
  readonly imports: readonly string[];
  /** May be missing. */
  readonly weakImports: readonly string[];
  /** Why the parser does not take the text, though its statements are Protobuf's. */
  readonly refused: string | undefined;
}

function readImports(text: string): Imports {
  try {
    const { imports = [], weakImports = [] } = protobuf.parse(withoutOptionBlocks(text), OPTIONS);
    return { imports, weakImports, refused: undefined };
  } catch (error) {
    const { message } = error as Error;
    const imports = IS_CERTAIN.test(message) ? undefined : requiredImports(text);
    if (imports === undefined) throw error;
    return { imports, weakImports: [], refused: message };
  }
}

/** In the parser's words; undefined too where it can't be told, as something that is imported is not there or does not parse. */
function unknownType(text: string, wanted: readonly string[], texts: ReadonlyMap<string, string>): string | undefined {
  const root = new protobuf.Root();
  try {
    protobuf.parse(withoutOptionBlocks(text), root, OPTIONS);
    const open = [...wanted];
    const added = new Set<string>();
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (added.has(name)) continue;
      added.add(name);
      const common = protobuf.common.get(name);
      const imported = texts.get(name);
      if (imported === undefined) {
        if (common === null) return undefined;
        if (common.nested !== undefined) root.addJSON(common.nested);
        continue;
      }
      if (isDescriptor(imported)) return undefined;
      const { imports = [], weakImports = [] } = protobuf.parse(withoutOptionBlocks(imported), root, OPTIONS);
      open.push(...imports, ...weakImports);
    }
  } catch {
    return undefined;
  }
  try {
    root.resolveAll();
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    // Karapace takes those that it brings along without an import.
    return /^no such (?:type|Type)(?!.*?'\.?(?:google|confluent)\.)/.test(message) ? message : undefined;
  }
  return undefined;
}

function isDescriptor(text: string): boolean {
  return text.trim() !== '' && /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(text);
}
