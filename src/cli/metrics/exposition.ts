/**
 * Prometheus' text format (0.0.4) for metrics of which nobody knows beforehand which there are, and of which there may be many thousands:
 * as they come, grouped by name.
 */

export type Labels = readonly (readonly [name: string, value: string])[];

interface Family {
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly lines: string[];
}

export class Exposition {
  private readonly families = new Map<string, Family>();

  /** Label names are of Prometheus' alphabet already. The same series set twice would be refused by who reads it. */
  add(
    family: { readonly name: string; readonly help: string; readonly type?: 'gauge' | 'counter' },
    labels: string,
    value: number,
  ): void {
    const { name } = family;
    let known = this.families.get(name);
    if (known === undefined) {
      known = { type: family.type ?? 'gauge', help: family.help, lines: [] };
      this.families.set(name, known);
    }
    known.lines.push(`${name}${labels} ${textOf(value)}`);
  }

  text(): string {
    const parts: string[] = [];
    for (const [name, { type, help, lines }] of this.families) {
      parts.push(
        `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`,
        `# TYPE ${name} ${type}`,
        ...lines,
      );
    }
    return parts.length === 0 ? '' : `${parts.join('\n')}\n`;
  }
}

/** `{a="1",b="2"}`, or nothing when there are none. Made once for all series of one thing. */
export function labelText(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function textOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}
