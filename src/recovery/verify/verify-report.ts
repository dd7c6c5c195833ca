/** What a verification came to, as a document and as text for people. */
import type { Finding, Severity } from './finding.ts';
import { nodesTogether } from './nodes-together.ts';

export interface VerifySection {
  /** A place, or a comparison of two. */
  readonly title: string;
  readonly findings: readonly Finding[];
  /** The node that it is about, by which its texts name it. */
  readonly node?: string;
  /** How many nodes say it, each all of it, where it is told once for several. */
  readonly nodes?: number;
}

export type SeverityCounts = Readonly<Record<Severity, number>>;

export interface VerifyReport {
  /** No errors; with `strict`, no warnings either. */
  readonly ok: boolean;
  readonly counts: SeverityCounts;
  readonly sections: readonly VerifySection[];
}

/** Of one name in one section, as text; the document has all that are listed. */
const SHOWN = 10;

const SEVERITIES: readonly Severity[] = ['error', 'warning', 'note'];

export function verifyReport(
  sections: readonly VerifySection[],
  { strict }: { readonly strict: boolean },
): VerifyReport {
  const counts = countsOf(sections.flatMap(({ findings }) => findings));
  return { ok: counts.error === 0 && (!strict || counts.warning === 0), counts, sections };
}

/** Those that are not listed as well. */
export function countsOf(findings: readonly Finding[]): SeverityCounts {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { severity, more = 0 } of findings) counts[severity] += 1 + more;
  return counts;
}

/** Worst first; how to mend it once for all findings of a name. */
export function reportText({ counts, sections, ok }: VerifyReport): readonly string[] {
  return [
    ...nodesTogether(sections).flatMap(sectionText),
    `${ok ? 'Sound' : 'NOT SOUND'}: ${countsText(counts)} in all.`,
    ...(counts.error + counts.warning > 0 ? ['docs/guides/schemas-verify.md explains each name.'] : []),
  ];
}

function sectionText({ title, findings, nodes }: VerifySection): readonly string[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  const each = nodes === undefined || findings.length === 0 ? '' : ' at each';
  return [`${title}: ${countsText(countsOf(findings))}${each}`, ...[...groups.values()].flatMap(groupText), ''];
}

function groupText(group: readonly Finding[]): readonly string[] {
  const [first] = group;
  if (first === undefined) return [];
  const { name, severity, vendors, mend } = first;
  const label = severity === 'note' ? 'note' : severity.toUpperCase();
  const shown = group.slice(0, group.length <= SHOWN + 1 ? undefined : SHOWN);
  const more = group.length - shown.length + group.reduce((sum, each) => sum + (each.more ?? 0), 0);
  return [
    ...shown.map(({ message }) => `  ${label} ${name}: ${oneLine(message)}`),
    ...(more > 0 ? [`  ${label} ${name}: ... and ${more} more`] : []),
    ...Object.entries(vendors ?? {}).map(([vendor, what]) => `      ${vendor}: ${what}`),
    ...(severity === 'note' ? [] : [`      mend: ${mend}`]),
  ];
}

export function countsText(counts: SeverityCounts): string {
  const told = SEVERITIES.filter((severity) => counts[severity] > 0).map((severity) => {
    return `${counts[severity]} ${severity}${counts[severity] === 1 ? '' : 's'}`;
  });
  return told.length === 0 ? 'nothing found' : told.join(', ');
}

/** Names of subjects may hold anything, also what moves a terminal's cursor. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}
