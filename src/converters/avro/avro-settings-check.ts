/** What is wrong among the settings of an AvroConverter that are each right by themselves; the same that would fail its tasks. */
import { parseRegistrySettings } from '../../registry/registry-settings.ts';
import type { ConfigProblem } from '../../sdk/errors/index.ts';
import { problemsOf } from '../../sdk/errors/problems-of.ts';
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
