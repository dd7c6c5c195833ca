/** Collects findings: some of each name, and how many there are in all, so that a registry in ruins fills no memory. */
import type { Finding, FindingKind } from './finding.ts';
import { FINDING_KINDS, type FindingName } from './finding-kinds.ts';

/** Of one name and one severity. */
const MAX_LISTED = 50;

const ORDER: Readonly<Record<Finding['severity'], number>> = { error: 0, warning: 1, note: 2 };

export type FindingPlace = Partial<Omit<Finding, 'name' | 'message' | 'more' | 'vendors' | 'mend'>>;

interface Listed {
  readonly findings: Finding[];
  count: number;
}

export class FindingBook {
  private readonly byName = new Map<string, Listed>();

  /** `at.severity` where it is not the one of the kind. */
  add(name: FindingName, at: FindingPlace, message: string): void {
    const kind: FindingKind = FINDING_KINDS[name];
    const severity = at.severity ?? kind.severity;
    const key = `${name} ${severity}`;
    const listed = this.byName.get(key) ?? { findings: [], count: 0 };
    this.byName.set(key, listed);
    listed.count++;
    if (listed.findings.length >= MAX_LISTED) return;
    const vendors = kind.vendors === undefined ? {} : { vendors: kind.vendors };
    listed.findings.push({ name, ...at, severity, message, ...vendors, mend: kind.mend });
  }

  /** Errors first; within a name in the order in which they were found. */
  findings(): Finding[] {
    const all = [...this.byName.values()].flatMap(({ findings, count }) => {
      const last = findings.at(-1);
      const more = count - findings.length;
      return more === 0 || last === undefined ? findings : [...findings.slice(0, -1), { ...last, more }];
    });
    return all.sort((a, b) => ORDER[a.severity] - ORDER[b.severity]);
  }
}
