/** Reads Prometheus' text format, strictly enough to notice what a scraper would refuse. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SERIES = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|Nan|[-+]?Inf|[-+]?[0-9.eE+-]+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/y;

/** @throws Error for a line that is none, a series that comes twice, or a family that is torn apart. */
export function parseExposition(text: string): readonly Series[] {
  const all: Series[] = [];
  const seen = new Set<string>();
  const typed = new Map<string, string>();
  for (const line of text.split('\n')) {
    const type = /^# TYPE (\S+) (gauge|counter|histogram|summary)$/.exec(line);
    if (type !== null) {
      const [, name = '', kind = ''] = type;
      if (typed.has(name)) throw new Error(`the type of ${name} is given twice`);
      typed.set(name, kind);
    }
    if (line === '' || line.startsWith('#')) continue;
    const match = SERIES.exec(line);
    if (match === null) throw new Error(`no line of the format: ${line}`);
    const [, name = '', labelText = '', value = ''] = match;
    const series = { name, labels: labelsOf(labelText, line), value: numberOf(value) };
    const key = JSON.stringify([name, Object.entries(series.labels).sort()]);
    if (seen.has(key)) throw new Error(`the series comes twice: ${line}`);
    seen.add(key);
    all.push(series);
  }
  return all;
}

function labelsOf(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`the labels can't be read: ${line}`);
    labels[match[1] ?? ''] = (match[2] ?? '').replace(/\\(["\\n])/g, (_, mark) => (mark === 'n' ? '\n' : mark));
  }
  return labels;
}

function numberOf(text: string): number {
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/Inf$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}
