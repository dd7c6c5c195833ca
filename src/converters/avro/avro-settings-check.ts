/** What is wrong among the settings of an AvroConverter that are each right by themselves; the same that would fail its tasks. */
import { parseRegistrySettings } from '../../registry/registry-settings.ts';
import { ConfigError, type ConfigProblem } from '../../sdk/errors/index.ts';
import { AVRO_CONVERTER_CONFIG, contextSetting } from './avro-config.ts';
import { subjectNameStrategyOf } from './subject-names.ts';

export function avroSettingsProblems(
  config: Readonly<Record<string, string>>,
  part: 'key' | 'value',
): readonly ConfigProblem[] {
  const settings = AVRO_CONVERTER_CONFIG.parse(config);
  const strategy = `${part}.subject.name.strategy` as const;
  return [
    () => subjectNameStrategyOf(strategy, settings[strategy], part),
    () => contextSetting(settings),
    () => parseRegistrySettings(config),
  ].flatMap(problemsOf);
}

function problemsOf(check: () => unknown): readonly ConfigProblem[] {
  try {
    check();
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems;
  }
}
