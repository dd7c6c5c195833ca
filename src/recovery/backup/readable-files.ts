/**
 * The content of a registry as files for people: `subjects/<subject>/v<version>.avsc|.json|.proto` with `v<version>.meta.json` beside it,
 * `config.json` and `modes.json`. They follow the records in their order and are the same however often the records came in parts.
 * Nothing is restored from them.
 */
import { createHash } from 'node:crypto';
import { access, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../foundation/make-folder.ts';
import type { RawRecord } from '../records/raw-record.ts';
import { readRecord } from '../records/read-record.ts';
import type { JsonObject, SchemasRecord, SchemaValue } from '../records/schemas-record.ts';
import { inParallel } from '../rest/in-parallel.ts';
import { CONFIG_FILE, MODES_FILE, SUBJECTS_FOLDER } from './git-repository.ts';
import { indentedJson } from './indented-json.ts';

const ENDINGS: Readonly<Record<string, string>> = { AVRO: 'avsc', JSON: 'json', PROTOBUF: 'proto' };
/** Of the whole registry, in config.json and modes.json. */
const GLOBAL = '';
const MAX_NAME = 200;
const MAX_CHANGES = 100;
const LONE_SURROGATE = /\p{Surrogate}/gu;
const NOT_IN_A_LINE = /[\p{Cc}\p{Surrogate}\u2028\u2029]/gu;
/** Subjects whose files are written at a time. */
const PARALLEL = 16;

interface FileChange {
  readonly subject: string;
  readonly run: () => Promise<void>;
}

export class ReadableFiles {
  /** In words, the first hundred. */
  readonly changes: string[] = [];
  /** How many there were. */
  changed = 0;
  private readonly path: string;
  private readonly configs: Map<string, JsonObject>;
  private readonly modes: Map<string, JsonObject>;

  private constructor(options: {
    readonly path: string;
    readonly configs: Map<string, JsonObject>;
    readonly modes: Map<string, JsonObject>;
  }) {
    this.path = options.path;
    this.configs = options.configs;
    this.modes = options.modes;
  }

  /** @param isNew nothing that is there counts */
  static async open(path: string, isNew: boolean): Promise<ReadableFiles> {
    if (!isNew) {
      const [configs, modes] = [
        await readSettings(join(path, CONFIG_FILE)),
        await readSettings(join(path, MODES_FILE)),
      ];
      return new ReadableFiles({ path, configs, modes });
    }
    for (const name of await readdir(join(path, SUBJECTS_FOLDER), { withFileTypes: true })) {
      if (name.isDirectory()) await rm(join(path, SUBJECTS_FOLDER, name.name), { recursive: true });
    }
    return new ReadableFiles({ path, configs: new Map(), modes: new Map() });
  }

  /** @param batch behind all before; what can't be read is passed over, and is in the records themselves */
  async apply(batch: readonly RawRecord[]): Promise<void> {
    // Of one subject one after the other; those of others need not wait for it.
    const due = new Map<string, FileChange[]>();
    for (const raw of batch) {
      const read = readRecord(raw);
      const change = read.ok ? this.changeOf(read.record) : undefined;
      if (change === undefined) continue;
      const known = due.get(change.subject);
      if (known === undefined) due.set(change.subject, [change]);
      else known.push(change);
    }
    await inParallel(due.values(), PARALLEL, async (changes) => {
      for (const { run } of changes) await run();
    });
  }

  /** Notes what the record changes. @returns what is to be done for it in files; undefined: nothing yet */
  private changeOf(record: SchemasRecord): FileChange | undefined {
    switch (record.kind) {
      case 'schema': {
        const { value } = record;
        const { subject, version, id, deleted } = value;
        this.note(`+ ${subject} v${version} (id ${id}${deleted ? ', soft-deleted' : ''})`);
        return { subject, run: () => this.write(value) };
      }
      case 'schema-gone': {
        const { subject, version } = record;
        this.note(`- ${subject} v${version}`);
        return { subject, run: () => this.remove(subject, version) };
      }
      case 'delete-subject': {
        const { subject, version } = record;
        this.note(`- ${subject} up to v${version} (soft-deleted)`);
        return { subject, run: () => this.markDeleted(subject, version) };
      }
      case 'config':
      case 'mode': {
        const settings = record.kind === 'config' ? this.configs : this.modes;
        const subject = record.subject ?? GLOBAL;
        if (record.value === null) settings.delete(subject);
        else settings.set(subject, record.value);
        this.note(`${record.value === null ? '-' : '~'} ${record.kind} of ${subject === GLOBAL ? 'all' : subject}`);
        return undefined;
      }
      default:
        return undefined;
    }
  }

  async finish(): Promise<void> {
    await writeFile(join(this.path, CONFIG_FILE), settingsText(this.configs));
    await writeFile(join(this.path, MODES_FILE), settingsText(this.modes));
  }

  private async write(value: SchemaValue): Promise<void> {
    const { subject, version, id, schemaType, references, metadata, ruleSet, deleted, schema } = value;
    const folder = this.folderOf(subject);
    const ending = ENDINGS[schemaType] ?? 'txt';
    const indented = schemaType === 'PROTOBUF' ? undefined : indentedJson(schema);
    const text = indented === undefined ? schema : escaped(indented, LONE_SURROGATE);
    const meta = { subject, version, id, schemaType, references, metadata, ruleSet, deleted };
    // What UTF-8 can't say, JSON can.
    const exact = hasLoneSurrogate(text) ? { schema } : {};
    const metaText = `${JSON.stringify({ ...meta, ...exact }, null, 2)}\n`;
    if (!(await isWrittenNew(join(folder, metaName(version)), metaText))) {
      // It was of another type, perhaps.
      for (const other of [...Object.values(ENDINGS), 'txt']) {
        if (other !== ending) await rm(join(folder, `v${version}.${other}`), { force: true });
      }
      await writeFile(join(folder, metaName(version)), metaText);
    }
    await writeFile(join(folder, `v${version}.${ending}`), text.endsWith('\n') ? text : `${text}\n`);
  }

  private async remove(subject: string, version: number): Promise<void> {
    const folder = this.folderOf(subject);
    for (const ending of [...Object.values(ENDINGS), 'txt', 'meta.json']) {
      await rm(join(folder, `v${version}.${ending}`), { force: true });
    }
    // Other versions keep it.
    await rmdir(folder).catch(() => {});
  }

  private async markDeleted(subject: string, upTo: number): Promise<void> {
    const folder = this.folderOf(subject);
    const names = await readdir(folder).catch(() => []);
    for (const name of names) {
      const version = Number(/^v(\d+)\.meta\.json$/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
      if (version > upTo) continue;
      const meta = JSON.parse(await readFile(join(folder, name), 'utf8')) as JsonObject;
      await writeFile(join(folder, name), `${JSON.stringify({ ...meta, deleted: true }, null, 2)}\n`);
    }
  }

  private folderOf(subject: string): string {
    return join(this.path, SUBJECTS_FOLDER, folderName(subject));
  }

  private note(change: string): void {
    this.changed++;
    if (this.changes.length < MAX_CHANGES) this.changes.push(escaped(change, NOT_IN_A_LINE));
  }
}

/** A name that every file system takes, the same for no two subjects. */
export function folderName(subject: string): string {
  const name = subject
    .split(/(\p{Surrogate})/u)
    .map((part) => (hasLoneSurrogate(part) ? `%u${unitOf(part)}` : encodeURIComponent(part)))
    .join('')
    .replace(/[!'()*~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/^\./, '%2E')
    .replace(/\.$/, '%2E')
    // A name of a device on Windows, whatever its ending.
    .replace(
      /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i,
      (device) => `%${device.charCodeAt(0).toString(16).toUpperCase()}${device.slice(1)}`,
    );
  if (name.length <= MAX_NAME && name !== '') return name;
  // What UTF-8 can't say it says for no two subjects.
  const digest = createHash('sha256')
    .update(hasLoneSurrogate(subject) ? name : subject)
    .digest('hex')
    .slice(0, 16);
  return `${name.slice(0, MAX_NAME - 20).replace(/%.?$/, '')}~${digest}`;
}

function hasLoneSurrogate(text: string): boolean {
  return text.search(LONE_SURROGATE) !== -1;
}

/** As JSON writes them in strings. */
function escaped(text: string, units: RegExp): string {
  return text.replace(units, (unit) => `\\u${unitOf(unit).toLowerCase()}`);
}

function unitOf(character: string): string {
  return character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

/** @returns false where the file is there already. The folder is made: of many versions most are new, and few are the first. */
async function isWrittenNew(path: string, text: string): Promise<boolean> {
  for (;;) {
    try {
      await writeFile(path, text, { flag: 'wx' });
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return false;
      if (code !== 'ENOENT' || (await isThere(dirname(path)))) throw error;
      await makeFolder(dirname(path));
    }
  }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function metaName(version: number): string {
  return `v${version}.meta.json`;
}

function settingsText(settings: ReadonlyMap<string, JsonObject>): string {
  const sorted = [...settings].sort(([one], [other]) => (one < other ? -1 : 1));
  return `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`;
}

async function readSettings(path: string): Promise<Map<string, JsonObject>> {
  return new Map(Object.entries(JSON.parse(await readFile(path, 'utf8')) as Record<string, JsonObject>));
}
