/** What the plugins that one configuration names say of their settings: those that may block this thread are asked in others, once. */
import type { RawConnectorConfig } from '../herder/herder.ts';
import type { Isolation } from '../host/isolation.ts';
import type { PluginDesc } from '../plugins/plugin-desc.ts';
import type { ClassNames } from './class-names.ts';
import { convertersOwn } from './converter-validation.ts';
import { frameworkValues } from './framework-settings.ts';
import { type NamedPlugin, namedPlugins } from './named-plugins.ts';
import {
  answerOfPlugin,
  definitionHere,
  definitionOfAnswer,
  type PluginDefinition,
  type PluginQuestion,
  UNKNOWN_DEFINITION,
} from './plugin-definition.ts';
import { withPrefix } from './with-prefix.ts';

type Raw = Readonly<Record<string, string>>;

/**
 * Asks a plugin in a thread. `connector` is for whom, null for nobody; `setting` is where it is named, empty for nowhere.
 * @throws ConnectError `holdfast.connector.call-timeout`; what `answerOfPlugin` throws
 */
export type AskPlugin = (
  desc: PluginDesc,
  about: { readonly connector: string | null; readonly setting: string } & PluginQuestion,
) => Promise<PluginDefinition>;

export class PluginDefinitions {
  private readonly isAskedHere: (desc: PluginDesc) => boolean;
  private readonly known = new Map<string, { readonly desc: PluginDesc; readonly definition: PluginDefinition }>();

  /** @param isAskedHere whether a plugin is asked in this thread, as soon as somebody needs to know */
  constructor(isAskedHere: (desc: PluginDesc) => boolean) {
    this.isAskedHere = isAskedHere;
  }

  /** Asks those that are not asked here, one after the other: a second thread would cost more than it saves. @throws as {@link AskPlugin} */
  async askElsewhere(options: {
    readonly config: RawConnectorConfig;
    readonly classes: ClassNames;
    readonly withConverterDefaults: (own: Raw) => Raw;
    readonly ask: AskPlugin;
  }): Promise<void> {
    const { config, classes, ask } = options;
    for (const named of namedPlugins(config)) {
      const desc = classes.find(named.type, named.className, named.requirement);
      if (desc === undefined || this.isAskedHere(desc)) continue;
      const question = questionOf(named, options);
      const connector = config['name'] ?? null;
      const definition = await ask(desc, { connector, setting: named.setting, ...question });
      this.known.set(named.setting, { desc, definition });
    }
  }

  /** Of the plugin that a setting names. One that would have had to be asked elsewhere, and was not, is as one without settings. */
  of(setting: string, desc: PluginDesc): PluginDefinition {
    const known = this.known.get(setting);
    if (known?.desc === desc) return known.definition;
    if (!this.isAskedHere(desc)) return UNKNOWN_DEFINITION;
    const definition = definitionHere(desc.className, desc.create);
    this.known.set(setting, { desc, definition });
    return definition;
  }
}

/** Our own block nobody, and are not worth a thread. */
export function isAskedHere({ isOurs }: PluginDesc, isolation: Isolation): boolean {
  return isOurs === true || isolation === 'inline';
}

/** In this thread, whatever it is. */
export const askPluginHere: AskPlugin = async (desc, question) =>
  definitionOfAnswer(answerOfPlugin(desc.className, desc.create, question));

function questionOf(
  { setting, type, part }: NamedPlugin,
  options: {
    readonly config: RawConnectorConfig;
    readonly classes: ClassNames;
    readonly withConverterDefaults: (own: Raw) => Raw;
  },
): PluginQuestion {
  const { config, withConverterDefaults } = options;
  const prefix = `${setting}.`;
  if (part !== null) {
    const own = convertersOwn(withPrefix(config, prefix), part, withConverterDefaults);
    return { prefix: '', part, framework: {}, config: own };
  }
  const own = Object.entries(config).filter(([key]) => key.startsWith(prefix));
  const framework = frameworkValues(type, setting, options);
  return { prefix, part, framework, config: Object.fromEntries(own) };
}
