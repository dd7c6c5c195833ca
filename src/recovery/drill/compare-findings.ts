/** Whether the same is wrong with two snapshots. */
import type { Finding } from '../verify/finding.ts';

/** Says of the offsets, not of the schemas: a copy has no gaps. */
const OF_THE_LOG = new Set(['missing-offsets', 'log-start-moved']);

/**
 * By name and by what it is about; a copy lies at other offsets, and its topic is another one, so what is about neither subject nor id does
 * not count.
 */
export function compareFindings(original: readonly Finding[], copy: readonly Finding[]): readonly string[] {
  const before = counted(original);
  const after = counted(copy);
  const lines: string[] = [];
  for (const [key, count] of before) {
    if ((after.get(key) ?? 0) < count) lines.push(`the finding ${key} is not in the copy`);
  }
  for (const [key, count] of after) {
    if ((before.get(key) ?? 0) < count) lines.push(`the finding ${key} is in the copy alone`);
  }
  return lines;
}

function counted(findings: readonly Finding[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const finding of findings) {
    const { name, subject, version, context, id } = finding;
    if (OF_THE_LOG.has(name) || (subject === undefined && id === undefined)) continue;
    const place = [
      ...(subject === undefined ? [] : [`of ${subject}${version === undefined ? '' : ` version ${version}`}`]),
      ...(id === undefined
        ? []
        : [`of id ${id}${context === undefined || context === '' ? '' : ` in context ${context}`}`]),
    ];
    const key = `${name} ${place.join(', ')}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
