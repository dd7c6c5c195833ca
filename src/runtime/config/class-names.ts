/** The classes that settings of type CLASS name, and what is wrong with them. Kafka Connect 4.1.1. */
import { invalidValue } from '../../sdk/config/index.ts';
import { ConfigError } from '../../sdk/errors/index.ts';
import { messageOf } from '../../sdk/errors/readable-error.ts';
import { PLUGIN_TYPES, type PluginDesc, type PluginType } from '../plugins/plugin-desc.ts';
import type { Plugins } from '../plugins/plugins.ts';
import { VersionRange } from '../plugins/version-range.ts';

const INTERFACES = {
  converter: 'Converter',
  header_converter: 'HeaderConverter',
  transformation: 'Transformation',
  predicate: 'Predicate',
} as const;

/** Types of plugins that a setting may name. */
export type NamedType = keyof typeof INTERFACES;

/** Classes that a Java worker finds whatever is installed: abstract ones of its API, and those of the JDK. They are never plugins. */
const ABSTRACT =
  /^org\.apache\.kafka\.connect\.(storage\.(Header)?Converter|transforms\.(Transformation|predicates\.Predicate))$/;
const ABSTRACT_CONNECTOR = /^org\.apache\.kafka\.connect\.(sink\.Sink|source\.Source|connector\.)Connector$/;
const JDK = /^java\.(lang|util)\.[A-Z]\w*$/;
/** Java says `interface` of them, and `class` of all others. */
const JDK_INTERFACES =
  /^java\.(lang\.(Appendable|AutoCloseable|CharSequence|Cloneable|Comparable|Iterable|Readable|Runnable)|util\.(Collection|Comparator|Deque|Enumeration|Iterator|List|ListIterator|Map|NavigableMap|NavigableSet|Queue|RandomAccess|Set|SortedMap|SortedSet))$/;

export class ClassNames {
  private readonly plugins: Plugins;

  constructor(options: { readonly plugins: Plugins }) {
    this.plugins = options.plugins;
  }

  /** Full name of the class that a text means, whether it is of the right type or not. @throws ConfigError when there is none */
  classOf(type: NamedType, key: string, text: string): string {
    const name = text.trim();
    const desc = this.plugins.find([type], name) ?? this.ofAnotherType(name);
    if (desc !== undefined) return desc.className;
    if (this.isNoPlugin(name)) return name;
    throw invalidValue(key, text, `Class ${text} could not be found.`);
  }

  /** Whether a Java worker has such a class, which is abstract or no plugin at all. */
  isNoPlugin(name: string): boolean {
    const types = Object.keys(INTERFACES) as NamedType[];
    return (
      [ABSTRACT, ABSTRACT_CONNECTOR, JDK].some((known) => known.test(name)) ||
      types.some((type) => this.variantsOf(type, name).length > 0)
    );
  }

  /** Full names of all classes of a type, as a form offers them. */
  all(type: NamedType): readonly string[] {
    return [...new Set(this.plugins.list([type]).map(({ className }) => className))];
  }

  /** Versions of a class, the newest first; none for a class that isn't there. */
  versions(type: NamedType, name: string | null | undefined): readonly string[] {
    const desc = this.find(type, name);
    return desc === undefined ? [] : this.plugins.versionsOf(desc).map(({ version }) => version);
  }

  /** The newest class of that name that a version requirement admits; undefined when there is none, or the requirement can't be read. */
  find(type: NamedType, name: string | null | undefined, requirement?: string | null): PluginDesc | undefined {
    const desc = this.plugins.find([type], (name ?? '').trim());
    if (desc === undefined || requirement === null || requirement === undefined) return desc;
    try {
      return this.plugins.version(desc, requirement);
    } catch {
      return undefined;
    }
  }

  /**
   * Checks a class that `classOf` found.
   * @throws ConfigError in Kafka Connect's words: not of that type, abstract, not of that version, or not to be constructed
   */
  ensureUsable(options: {
    readonly type: NamedType;
    readonly key: string;
    readonly className: string;
    readonly requirement?: string | null | undefined;
    /** Throws where no instance of it can be made, or asked. */
    readonly probe?: (desc: PluginDesc) => void;
    /** First words about one of which that is so. */
    readonly failure: string;
  }): void {
    const { type, key, className, requirement, failure } = options;
    const newest = this.plugins.find([type], className);
    if (newest === undefined) throw this.unusable(type, className);
    const desc = requirement === null || requirement === undefined ? newest : this.plugins.version(newest, requirement);
    try {
      options.probe?.(desc);
    } catch (cause) {
      throw invalidValue(key, className, `${failure}: ${messageOf(cause)}`);
    }
  }

  private unusable(type: NamedType, className: string): ConfigError {
    const variants = this.variantsOf(type, className);
    if (variants.length > 0) {
      return new ConfigError(`This class is abstract and cannot be created. Did you mean ${variants.join(', ')}?`);
    }
    if (ABSTRACT.test(className) && className.endsWith(`.${INTERFACES[type]}`)) {
      return new ConfigError('This class is abstract and cannot be created.');
    }
    const kind = ABSTRACT.test(className) || JDK_INTERFACES.test(className) ? 'interface' : 'class';
    return new ConfigError(`Class ${kind} ${className} does not implement the ${INTERFACES[type]} interface`);
  }

  /** `Outer$Key` and `Outer$Value` for `Outer`. */
  private variantsOf(type: NamedType, name: string): readonly string[] {
    return this.all(type).filter((className) => className.startsWith(`${name}$`));
  }

  private ofAnotherType(name: string): PluginDesc | undefined {
    for (const type of PLUGIN_TYPES satisfies readonly PluginType[]) {
      const found = this.plugins.find([type], name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** A version requirement on its own. @throws ConfigError for text that is none */
export function checkRequirement(text: string): void {
  try {
    new VersionRange(text);
  } catch (cause) {
    throw new ConfigError((cause as Error).message, { cause });
  }
}

export function isRequirement(text: string | null | undefined): text is string {
  if (text === null || text === undefined) return false;
  try {
    checkRequirement(text);
    return true;
  } catch {
    return false;
  }
}
