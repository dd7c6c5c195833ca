/**
 * Levels of loggers by name, changed while the worker runs: the semantics of Kafka Connect's `/admin/loggers` (4.1.1, KIP-495). A name
 * without a level of its own has that of the nearest one above it (`a.b` above `a.b.c`), at last the root's.
 */
import { LOG_LEVELS, type LogFields, type Logger, type LogLevel, type LogMethod, logMethods } from './logger.ts';

/** From everything to nothing. */
export const LEVEL_NAMES = ['ALL', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL', 'OFF'] as const;

export type LevelName = (typeof LEVEL_NAMES)[number];

export interface LoggerLevel {
  readonly level: LevelName;
  /** ms since the epoch of the last change; null: as it was at start. */
  readonly lastModified: number | null;
}

/** A part of the program that logs under a name of its own. */
export interface LogPart {
  readonly name: string;
  /** Names that Java's classes or packages of the same purpose have: their levels hold for the part, too. */
  readonly aliases: readonly string[];
}

interface Entry {
  /** null: as above it. */
  level: LevelName | null;
  lastModified: number | null;
  /** Only what a request has named shows, as with a Kafka Connect whose loggers nobody has configured. */
  isNamed: boolean;
}

/** What a logger looks at before each line. */
interface Threshold {
  rank: number;
}

const ROOT = 'root';

export class LogLevels {
  private readonly now: () => number;
  private readonly aliases: ReadonlyMap<string, readonly string[]>;
  private readonly entries = new Map<string, Entry>();
  private readonly thresholds = new Map<string, Threshold>();

  constructor(options: { readonly root: LevelName; readonly parts?: readonly LogPart[]; readonly now: () => number }) {
    this.now = options.now;
    this.aliases = new Map((options.parts ?? []).map(({ name, aliases }) => [name, aliases]));
    this.entries.set(ROOT, { level: options.root, lastModified: null, isNamed: true });
    for (const name of this.aliases.keys()) this.entry(name);
  }

  /** Loggers that were given a level of their own by name, and the root, but for those at OFF; sorted by name. */
  list(): ReadonlyMap<string, LoggerLevel> {
    const found = new Map<string, LoggerLevel>();
    for (const name of [...this.entries.keys()].sort()) {
      const entry = this.entries.get(name);
      if (entry === undefined || !entry.isNamed || entry.level === null || entry.level === 'OFF') continue;
      found.set(name, { level: entry.level, lastModified: entry.lastModified });
    }
    return found;
  }

  /**
   * The level in effect; null for a logger that nobody has used or named, and that stands for no part. A name inside an alias has the
   * part's level, one above several aliases the level that it inherits.
   */
  get(name: string): LoggerLevel | null {
    const known = isRoot(name) ? ROOT : name;
    const entry = this.entries.get(known);
    if (entry !== undefined) return { level: this.levelOf(known), lastModified: entry.lastModified };
    const part = this.partOf(name);
    if (part !== null) return { level: this.levelOf(part), lastModified: this.entries.get(part)?.lastModified ?? null };
    const isAbovePart = [...this.aliases.values()].flat().some((alias) => alias.startsWith(`${name}.`));
    return isAbovePart ? { level: this.levelOf(name), lastModified: null } : null;
  }

  /**
   * Sets the level of a logger, of every known one whose name begins with the same text, and of the parts that stand for it; `root` and the
   * empty name mean all.
   * @returns those whose level changed of the names that requests have named, sorted
   */
  set(namespace: string, level: LevelName): readonly string[] {
    const isAll = namespace === '' || isRoot(namespace);
    this.entry(isAll ? ROOT : namespace).isNamed = true;
    const meant = [...this.entries].filter(
      ([name]) => isAll || name.startsWith(namespace) || this.standsFor(name, namespace),
    );
    const inEffect = new Map(meant.map(([name]) => [name, this.levelOf(name)]));
    const changed: string[] = [];
    for (const [name, entry] of meant) {
      entry.level = level;
      // One that had the level from above has it from now on by itself, which is no change.
      if (inEffect.get(name) === level) continue;
      entry.lastModified = this.now();
      if (entry.isNamed) changed.push(name);
    }
    for (const [name, threshold] of this.thresholds) threshold.rank = rankOf(this.levelOf(name));
    return changed.sort();
  }

  /** Shared by all loggers of a name, and kept up to date. */
  threshold(name: string): Threshold {
    let threshold = this.thresholds.get(name);
    if (threshold === undefined) {
      this.entry(name);
      threshold = { rank: rankOf(this.levelOf(name)) };
      this.thresholds.set(name, threshold);
    }
    return threshold;
  }

  /** A package sets the parts whose classes are in it, a class the part whose package it is in. */
  private standsFor(part: string, namespace: string): boolean {
    const aliases = this.aliases.get(part) ?? [];
    return aliases.some((alias) => alias.startsWith(namespace) || namespace.startsWith(`${alias}.`));
  }

  /** The part whose longest alias is the name, or a package that it is in. */
  private partOf(name: string): string | null {
    let found: { readonly part: string; readonly alias: string } | null = null;
    for (const [part, aliases] of this.aliases) {
      for (const alias of aliases) {
        if (alias !== name && !name.startsWith(`${alias}.`)) continue;
        if (found === null || alias.length > found.alias.length) found = { part, alias };
      }
    }
    return found?.part ?? null;
  }

  private entry(name: string): Entry {
    const known = this.entries.get(name);
    if (known !== undefined) return known;
    const entry: Entry = { level: null, lastModified: null, isNamed: false };
    this.entries.set(name, entry);
    return entry;
  }

  private levelOf(name: string): LevelName {
    const own = this.entries.get(name)?.level;
    if (own !== null && own !== undefined) return own;
    const dot = name.lastIndexOf('.');
    if (dot > 0) return this.levelOf(name.slice(0, dot));
    return name === ROOT ? 'INFO' : this.levelOf(ROOT);
  }
}

function rankOf(level: LevelName): number {
  return LEVEL_NAMES.indexOf(level);
}

/** The least level that a logger writes, for {@link LogLevels} over it. */
export function leastLevelOf(logger: Logger): LevelName {
  const least = LOG_LEVELS.find((level) => logger.isLevelEnabled(level));
  return least === undefined ? 'OFF' : (least.toUpperCase() as LevelName);
}

/**
 * A logger whose lines pass only at their logger's level. A child has the name that its bindings give, otherwise its parent's; those that
 * are made before a change follow it, too.
 * @param nameOf the logger of a child, from its bindings and its parent's name
 */
export function levelledLogger(options: {
  readonly target: Logger;
  readonly levels: LogLevels;
  readonly name: string;
  readonly nameOf: (bindings: LogFields, parent: string) => string;
}): Logger {
  const { target, levels, name, nameOf } = options;
  const threshold = levels.threshold(name);
  const method = (level: LogLevel): LogMethod => {
    const rank = LEVEL_NAMES.indexOf(level.toUpperCase() as LevelName);
    const write = target[level];
    return (message, fields) => {
      if (rank >= threshold.rank) write(message, fields);
    };
  };
  return {
    ...logMethods(method),
    child: (bindings) => levelledLogger({ ...options, target: target.child(bindings), name: nameOf(bindings, name) }),
    isLevelEnabled: (level) =>
      LEVEL_NAMES.indexOf(level.toUpperCase() as LevelName) >= threshold.rank && target.isLevelEnabled(level),
  };
}

function isRoot(name: string): boolean {
  return name.toLowerCase() === ROOT;
}
