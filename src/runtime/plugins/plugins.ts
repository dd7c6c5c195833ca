/** All plugins that a worker knows: the built-in ones and those of `plugin.path`. */
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { orLate } from '../../foundation/or-late.ts';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';
import { messageOf } from '../../sdk/errors/readable-error.ts';
import { isPlugin, type Plugin, SDK_CONTRACT_VERSION } from '../../sdk/plugin.ts';
import type { PluginRef } from '../host/protocol.ts';
import { pinnableVersions } from './connect-version.ts';
import { IMPORT_LIMIT_MS } from './import-trial.ts';
import { compareVersions } from './maven-version.ts';
import { ALL_PLUGIN_TYPES, namesOf, PLUGIN_TYPES, type PluginDesc, type PluginType } from './plugin-desc.ts';
import { findPluginModules, type PluginModule } from './plugin-path.ts';
import { VersionRange } from './version-range.ts';

export const PLUGIN_NOT_FOUND = defineErrorCode('holdfast.plugin.not-found', {
  what: 'No plugin offers the class that a configuration names.',
  mend: 'Check the class name, and that plugin.path names the folder or npm package that offers it.',
});

export const PLUGIN_AMBIGUOUS = defineErrorCode('holdfast.plugin.ambiguous', {
  what: 'More than one plugin answers to the short name that a configuration uses.',
  mend: 'Use the full class name; the message lists them.',
});

export const PLUGIN_VERSION_NOT_FOUND = defineErrorCode('holdfast.plugin.version-not-found', {
  what: 'No installed version of a plugin is one that a configuration asks for.',
  mend: 'Ask for one of the versions that the message lists, or install the one that is asked for.',
});

export const PLUGIN_VERSION_INVALID = defineErrorCode('holdfast.plugin.version-invalid', {
  what: 'A requirement on the version of a plugin is neither a version nor a range.',
  mend: 'Write a version (1.2.3), a range ([1.0,2.0)), several of them separated by commas, or latest.',
});

export const PLUGIN_UNUSABLE = defineErrorCode('holdfast.plugin.unusable', {
  what: 'With plugin.discovery=hybrid_fail, something in plugin.path is no plugin that this worker can use.',
  mend: 'Mend or remove what the message names, or set plugin.discovery to hybrid_warn, which leaves it out with a warning.',
});

const KIND_NAMES: Readonly<Record<PluginType, string>> = {
  sink: 'Connector',
  source: 'Connector',
  transformation: 'Transformation',
  predicate: 'Predicate',
  converter: 'Converter',
  header_converter: 'HeaderConverter',
  config_provider: 'ConfigProvider',
};

export class Plugins {
  private readonly descs: readonly PluginDesc[];
  /** Names by type, of each class its newest version; more than one desc for an ambiguous name. */
  private readonly byName = new Map<PluginType, Map<string, PluginDesc[]>>();

  constructor(descs: readonly PluginDesc[]) {
    this.descs = sorted(descs);
    for (const type of ALL_PLUGIN_TYPES) this.byName.set(type, new Map());
    const used = newest(this.descs);
    // As in Java an alias stands for a class, whatever types that has: `Json`, a converter's, is the header converter, too.
    const namesByClass = new Map<string, Set<string>>();
    for (const desc of used) {
      const names = namesByClass.get(desc.className) ?? new Set();
      for (const name of namesOf(desc)) names.add(name);
      namesByClass.set(desc.className, names);
    }
    for (const desc of used) {
      const byName = this.byName.get(desc.type);
      for (const name of namesByClass.get(desc.className) ?? []) {
        byName?.set(name, [...(byName.get(name) ?? []), desc]);
      }
    }
  }

  /**
   * Loads the modules of `builtIn` (file URLs) and of `pluginPath`. What of `pluginPath` can't be read, fails to load, is no plugin or needs a
   * newer SDK contract is left out with one warning; a built-in one that fails is an error.
   * @throws ConfigError `holdfast.plugin.unusable` that names all that would be left out, if `discovery` is `hybrid_fail`
   */
  static async discover(options: {
    readonly builtIn: readonly string[];
    /** Of a built-in module that is Holdfast's own. */
    readonly packageOf?: (module: string) => string | undefined;
    readonly pluginPath: readonly string[];
    /** `plugin.discovery`; with `service_load` nothing is said of what is left out. */
    readonly discovery?: string;
    /** Why modules of `pluginPath` must not be imported in this thread, by module; all may be by default. */
    readonly tryImports?: (modules: readonly string[]) => Promise<ReadonlyMap<string, string>>;
    readonly clock?: Clock;
    readonly logger: Logger;
  }): Promise<Plugins> {
    const { packageOf, logger, clock = systemClock, discovery = 'hybrid_warn' } = options;
    const builtIn = await Promise.all(
      options.builtIn.map(async (module) => {
        const packageName = packageOf?.(module);
        const found = { module, location: 'built in', packageName, isOurs: packageName !== undefined };
        return descsOf(await importPlugin(module), found);
      }),
    );
    const descs = builtIn.flat();
    const unusable: string[] = [];
    const leaveOut = (message: string, fields: { readonly reason: string }, location: string): void => {
      unusable.push(`${location}: ${fields.reason}`);
      if (discovery === 'service_load') logger.debug(message, fields);
      else if (discovery !== 'hybrid_fail') logger.warn(message, fields);
    };
    const modules = await findPluginModules(options.pluginPath, (entry, error) =>
      leaveOut(
        'An entry of plugin.path could not be used, or not all of it.',
        { entry, reason: messageOf(error) } as { readonly reason: string },
        entry,
      ),
    );
    const harmful = await options.tryImports?.(modules.map(({ module }) => module));
    for (const found of modules) {
      const { location } = found;
      try {
        const reason = harmful?.get(found.module);
        if (reason !== undefined) throw new Error(reason);
        descs.push(...descsOf(await importedInTime(found.module, clock), found));
      } catch (error) {
        const fields = { location, reason: whyNotLoaded(error, found.module) };
        leaveOut('A plugin was left out, for it could not be loaded.', fields, location);
      }
    }
    if (discovery === 'hybrid_fail' && unusable.length > 0) {
      throw new ConfigError(
        `Of plugin.path, which plugin.discovery=hybrid_fail allows nothing else in, these are no plugins that can be used:\n  ${unusable.join('\n  ')}`,
        { code: PLUGIN_UNUSABLE },
      );
    }
    const kept: PluginDesc[] = [];
    for (const desc of descs) {
      const twin = kept.find((other) => isSameClass(other, desc) && other.version === desc.version);
      if (twin === undefined) kept.push(desc);
      else {
        options.logger.warn('Two plugins offer the same version of a class. The first one is used.', {
          class: desc.className,
          version: desc.version,
          used: twin.location,
          notUsed: desc.location,
        });
      }
    }
    return new Plugins(kept);
  }

  /** In the order of `/connector-plugins`: by type, sorted by class name. */
  list(types: readonly PluginType[] = PLUGIN_TYPES): readonly PluginDesc[] {
    return this.descs.filter((desc) => types.includes(desc.type));
  }

  /** undefined when no plugin of the types has that name or alias, or more than one has. */
  find(types: readonly PluginType[], name: string): PluginDesc | undefined {
    const candidates = this.candidates(types, name);
    return candidates.length === 1 ? candidates[0] : undefined;
  }

  /**
   * Blanks around a name don't count, but a message repeats them, as upstream's does.
   * @throws ConfigError `holdfast.plugin.not-found` or `holdfast.plugin.ambiguous`, with Kafka Connect's words
   */
  get(types: readonly PluginType[], name: string): PluginDesc {
    const candidates = this.candidates(types, name.trim());
    const [first] = candidates;
    if (first !== undefined && candidates.length === 1) return first;
    const kind = KIND_NAMES[types[0] ?? 'source'];
    if (candidates.length > 1) {
      throw new ConfigError(
        `More than one ${kind.toLowerCase()} matches alias ${name}. Please use full package and class name instead. Classes found: ${describe(candidates)}`,
        { code: PLUGIN_AMBIGUOUS },
      );
    }
    throw new ConfigError(
      `Failed to find any class that implements ${kind} and which name matches ${name}, available ${kind.toLowerCase()}s are: ${describe(this.list(types))}`,
      { code: PLUGIN_NOT_FOUND },
    );
  }

  /** All versions of its class, the newest first. */
  versionsOf(desc: PluginDesc): readonly PluginDesc[] {
    return this.descs.filter((other) => isSameClass(other, desc)).sort((a, b) => compareVersions(b.version, a.version));
  }

  /**
   * The newest version of a class that a requirement admits: a version, a range, `latest`. Of one that only stands in for Kafka Connect's, the
   * version of that counts too, after the own versions of all.
   * @throws ConfigError `holdfast.plugin.version-not-found` in Kafka Connect's words, or with those of a requirement that can't be read
   */
  version(desc: PluginDesc, requirement: string): PluginDesc {
    const versions = this.versionsOf(desc);
    let range: VersionRange;
    try {
      range = new VersionRange(requirement);
    } catch (cause) {
      throw new ConfigError((cause as Error).message, { code: PLUGIN_VERSION_INVALID, cause });
    }
    const admits = (version: string): boolean => range.has(version);
    const found =
      versions.find(({ version }) => admits(version)) ?? versions.find((each) => pinnableVersions(each).some(admits));
    if (found !== undefined) return found;
    const available = [...new Set(versions.flatMap(pinnableVersions))].join(', ');
    throw new ConfigError(
      `Plugin ${desc.className} not found that matches the version range ${range}, available versions: [${available}]`,
      { code: PLUGIN_VERSION_NOT_FOUND },
    );
  }

  ref(desc: PluginDesc): PluginRef {
    return { module: desc.module, className: desc.className };
  }

  private candidates(types: readonly PluginType[], name: string): readonly PluginDesc[] {
    const found = new Set<PluginDesc>();
    for (const type of types) for (const desc of this.byName.get(type)?.get(name) ?? []) found.add(desc);
    return [...found];
  }
}

/** Of a module that can't be parsed `import` tells neither file nor line; Node prints them when it runs the file itself. */
function whyNotLoaded(error: unknown, module: string): string {
  const message = messageOf(error);
  if (!(error instanceof Error) || error.name !== 'SyntaxError' || !module.startsWith('file:')) return message;
  return `${message} (the command 'node ${fileURLToPath(module)}' shows the place)`;
}

/** Imports a module and checks that its default export is a manifest that this worker can use. */
export async function importPlugin(module: string): Promise<Plugin> {
  const loaded = (await import(module)) as { readonly default?: unknown };
  const plugin = loaded.default;
  if (!isPlugin(plugin)) {
    throw new Error("its module has no plugin as default export: write 'export default definePlugin({ … })'");
  }
  if (plugin.sdkContractVersion > SDK_CONTRACT_VERSION) {
    throw new Error(
      `it was built for contract version ${plugin.sdkContractVersion} of holdfast/sdk, and this worker has version ${SDK_CONTRACT_VERSION}: update Holdfast`,
    );
  }
  return plugin;
}

/** One that awaits what does not come would otherwise keep the worker from starting, without a word. */
function importedInTime(module: string, clock: Clock): Promise<Plugin> {
  const message = `its module was not imported within ${IMPORT_LIMIT_MS} ms: it awaits what does not come`;
  return orLate(importPlugin(module), { clock, limitMs: IMPORT_LIMIT_MS, late: () => new Error(message) });
}

/** Flattens a manifest. */
export function descsOf(plugin: Plugin, found: PluginModule): PluginDesc[] {
  const desc =
    (type: PluginType) =>
    (offered: {
      readonly className: string;
      readonly aliases?: readonly string[];
      readonly create: new () => unknown;
    }): PluginDesc => ({
      type,
      className: offered.className,
      otherNames: offered.aliases ?? [],
      version: plugin.version,
      create: offered.create,
      ...found,
    });
  return [
    ...(plugin.connectors ?? []).map((offered) => desc(offered.type)(offered)),
    ...(plugin.transformations ?? []).map(desc('transformation')),
    ...(plugin.predicates ?? []).map(desc('predicate')),
    ...(plugin.converters ?? []).map(desc('converter')),
    ...(plugin.headerConverters ?? []).map(desc('header_converter')),
    ...(plugin.configProviders ?? []).map(desc('config_provider')),
  ];
}

function isSameClass(a: PluginDesc, b: PluginDesc): boolean {
  return a.type === b.type && a.className === b.className;
}

function newest(descs: readonly PluginDesc[]): readonly PluginDesc[] {
  return descs.filter(
    (desc) => !descs.some((other) => isSameClass(other, desc) && compareVersions(other.version, desc.version) > 0),
  );
}

function sorted(descs: readonly PluginDesc[]): readonly PluginDesc[] {
  const rank = (desc: PluginDesc): number => ALL_PLUGIN_TYPES.indexOf(desc.type);
  return [...descs].sort(
    (a, b) => rank(a) - rank(b) || (a.className < b.className ? -1 : a.className > b.className ? 1 : 0),
  );
}

function describe(descs: readonly PluginDesc[]): string {
  return descs
    .map(
      (desc) =>
        `PluginDesc{klass=class ${desc.className}, name='${desc.className}', version='${desc.version}', encodedVersion=${desc.version}, type=${desc.type}, typeName='${desc.type}', location='${desc.location}'}`,
    )
    .join(', ');
}
