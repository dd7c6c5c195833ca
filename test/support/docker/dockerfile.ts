/** One instruction of a Dockerfile, its keyword in upper case, its lines joined. */
export interface Instruction {
  readonly keyword: string;
  readonly text: string;
  readonly line: number;
}

export interface Stage {
  readonly base: string;
  /** As named by `AS`, or its number. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** `ARG`s before the first `FROM`. */
  readonly args: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/** What one `COPY` copies, and where to. */
export interface Copy {
  /** A stage; undefined is the folder that the image is built from. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

/** Reads the part of the language that our Dockerfile uses, and throws at anything else. */
export function parseDockerfile(text: string): Dockerfile {
  const args: Record<string, string> = {};
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const match = /^(\S+)(?: AS (\S+))?$/.exec(instruction.text);
      if (match === null) throw new Error(`Dockerfile, line ${instruction.line}: FROM ${instruction.text}`);
      const base = (match[1] ?? '').replace(/\$\{(\w+)\}/g, (_all, name: string) => args[name] ?? '');
      stages.push({ base, name: match[2] ?? String(stages.length), instructions: [] });
    } else if (stage === undefined) {
      if (instruction.keyword !== 'ARG')
        throw new Error(`Dockerfile, line ${instruction.line}: nothing before FROM but ARG`);
      const [name = '', value = ''] = instruction.text.split('=');
      args[name] = value;
    } else {
      stage.instructions.push(instruction);
    }
  }
  return { args, stages };
}

/** The array of an instruction in exec form; throws for the shell form, which would swallow signals. */
export function execForm(text: string): readonly string[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'string'))
    throw new Error(`no exec form: ${text}`);
  return value;
}

/** `ENV` and `LABEL`: `NAME=value NAME="some value"`. */
export function pairsOf(text: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const [, name = '', quoted, plain] of text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g)) {
    pairs[name] = quoted ?? plain ?? '';
  }
  return pairs;
}

export function copyOf(text: string): Copy {
  const words = text.split(/\s+/);
  const flags = words.filter((word) => word.startsWith('--'));
  const paths = words.filter((word) => !word.startsWith('--'));
  const unknown = flags.find((flag) => !flag.startsWith('--from='));
  if (unknown !== undefined || paths.length < 2) throw new Error(`COPY ${text} is not understood`);
  return { from: flags[0]?.slice('--from='.length), sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

function instructionsOf(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let joined = '';
  let first = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    if (joined === '') first = index + 1;
    joined += joined === '' ? trimmed : ` ${trimmed}`;
    if (joined.endsWith('\\')) {
      joined = joined.slice(0, -1).trimEnd();
      continue;
    }
    const [, keyword = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(joined) ?? [];
    instructions.push({ keyword: keyword.toUpperCase(), text: rest, line: first });
    joined = '';
  }
  return instructions;
}
