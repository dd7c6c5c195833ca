/** The registry's side of a schedule: does the steps, mends everything at the end, and keeps the truth. */
import { decodeRecord } from '../../../../src/embedded-registry/registry-record.ts';
import type { ManualClock } from '../../../../src/foundation/manual-clock.ts';
import type { SchemaText } from '../../../../src/sdk/schema-view.ts';
import { errorAnswer, type ScriptedFault, ScriptedRegistry } from '../../../../src/testing/index.ts';
import type { Contradiction, FaultKind, NodeStep, Schedule, Step } from './fault-schedule.ts';
import { avro, contentOf, schemaText, subjectName } from './schedule-schemas.ts';

const FAULTS: Readonly<Record<FaultKind, ScriptedFault>> = {
  'plain-500': { kind: 'answer', status: 500, body: 'Internal Server Error' },
  '50001': errorAnswer(500, 50001, 'Error in the backend data store'),
  '50002': errorAnswer(500, 50002, 'Operation timed out', 500),
  '50003': errorAnswer(500, 50003, 'Error while forwarding the request to the master.'),
  '50004': errorAnswer(500, 50004, 'Leader not known.'),
  'html-502': { kind: 'answer', status: 502, body: '<html><h1>502 Bad Gateway</h1></html>' },
  'html-200': { kind: 'answer', status: 200, body: '<html>Back soon</html>' },
  '503': { kind: 'answer', status: 503, body: '', headers: { 'retry-after': '2' } },
  '429': {
    kind: 'answer',
    status: 429,
    body: { error_code: 429, message: 'slow down' },
    headers: { 'retry-after': '1' },
  },
  hang: { kind: 'hang' },
  slow: { kind: 'delay', ms: 900 },
  cut: { kind: 'cut' },
  'lost-answer': { kind: 'lose-answer' },
};

export type RegistryStep = Exclude<
  Step | Contradiction,
  { do: 'write' | 'read' | 'write-elsewhere' | 'wrong' | 'leave' | 'probe-now' | 'duplicate' }
>;

/** What every schedule finds there: each subject but the last has its first version. */
export const OLD_SUBJECTS = 5;

export class ScheduleRegistry {
  readonly registry: ScriptedRegistry;
  /** id -> contents that the log ever gave it, restored away or not. */
  readonly contents = new Map<number, Set<string>>();
  /** `id subject content` of every record that the log ever had. */
  readonly written = new Set<string>();
  readonly oldIds: readonly number[];
  private readonly vendor: Schedule['vendor'];
  private duplicates = 0;

  private constructor(registry: ScriptedRegistry, vendor: Schedule['vendor'], oldIds: readonly number[]) {
    this.registry = registry;
    this.vendor = vendor;
    this.oldIds = oldIds;
  }

  static async start(schedule: Pick<Schedule, 'vendor' | 'nodes'>, clock: ManualClock): Promise<ScheduleRegistry> {
    const { vendor, nodes } = schedule;
    const registry = await ScriptedRegistry.start({ nodes, vendor, clock, listen: false });
    const oldIds: number[] = [];
    for (let s = 0; s < OLD_SUBJECTS; s++) oldIds.push(await registry.register(subjectName(s), schemaText(s, 0)));
    return new ScheduleRegistry(registry, vendor, oldIds);
  }

  /** Does not wait: what a step leads to takes virtual time. */
  perform(step: RegistryStep): void {
    const { registry } = this;
    const index = (at: number): number => at % registry.urls.length;
    switch (step.do) {
      case 'lag':
        registry.node(index(step.at)).setLag(step.ms);
        break;
      case 'elect':
        if (step.at !== null) this.readBeforeServing(index(step.at));
        forget(registry.setPrimary(step.at === null ? null : index(step.at)));
        break;
      case 'group':
        this.showGroup(step.shows, index(step.at));
        break;
      case 'fault': {
        const where = step.at === null ? {} : { node: index(step.at) };
        registry.script({ ...where, stage: step.stage, untilMs: step.forMs, fault: FAULTS[step.kind] });
        break;
      }
      case 'read-only':
      case 'read-write':
        // Karapace has no modes.
        if (this.vendor === 'confluent') this.setMode(step.do === 'read-only' ? 'READONLY' : 'READWRITE');
        break;
      case 'restore':
        this.keepTruth();
        forget(registry.restoreTo(Math.max(OLD_SUBJECTS, registry.records().length - step.lost)));
        break;
      default:
        this.happen(step.do, index(step.at));
    }
  }

  private happen(what: NodeStep['do'], index: number): void {
    const node = this.registry.node(index);
    if (what === 'kill') forget(node.stop());
    else if (what === 'start') forget(this.start(index));
    else if (what === 'freeze') node.freeze();
    else if (what === 'thaw') node.thaw();
    else if (what === 'refuse') forget(node.refuse());
    else if (what === 'accept') forget(node.accept());
    else if (what === 'hold') node.pauseReading();
    else node.resumeReading();
  }

  private start(index: number): Promise<void> {
    this.readBeforeServing(index);
    return this.registry.node(index).start();
  }

  /** Confluent's nodes answer nothing, and can be no primary, before they have read all of their topic; Karapace's do, and say that they are not ready. */
  private readBeforeServing(index: number): void {
    if (this.vendor === 'confluent') this.registry.node(index).resumeReading();
  }

  /** Every fault ends, with this node as the primary. */
  mend(primary: number): void {
    const { registry } = this;
    registry.clearScript();
    registry.urls.forEach((_, index) => {
      const node = registry.node(index);
      node.thaw();
      node.resumeReading();
      node.setLag(0);
      forget(node.accept());
      forget(node.start());
    });
    if (this.vendor === 'confluent') this.setMode('READWRITE');
    forget(registry.setPrimary(primary % registry.urls.length));
  }

  /** Takes over what the log has now into what it ever had. */
  keepTruth(): void {
    for (const { key, value } of this.registry.records()) {
      const decoded = decodeRecord(key, value);
      if (decoded.kind !== 'record' || decoded.record.keytype !== 'SCHEMA' || decoded.record.value === null) continue;
      const { id, subject, schema } = decoded.record.value;
      const content = contentOf(schema);
      this.contents.set(id, (this.contents.get(id) ?? new Set()).add(content));
      this.written.add(`${id} ${subject} ${content}`);
    }
  }

  /** Some id had two contents at some time. */
  get contradictedItself(): boolean {
    this.keepTruth();
    return [...this.contents.values()].some((contents) => contents.size > 1);
  }

  private setMode(mode: 'READONLY' | 'READWRITE'): void {
    forget(this.registry.append({ keytype: 'MODE', subject: null, value: { mode } }));
  }

  private showGroup(shows: 'rebalance' | 'nothing' | 'stale' | 'truth', at: number): void {
    const { registry } = this;
    if (shows === 'rebalance') registry.group.show('PreparingRebalance', null);
    if (shows === 'nothing') registry.group.show('unavailable', null);
    if (shows === 'stale') registry.group.show('Stable', at);
    if (shows === 'truth') {
      const primary = registry.urls.findIndex((_, index) => registry.node(index).isPrimary);
      registry.group.show('Stable', primary < 0 ? null : primary);
    }
  }

  /** Gives an id that is taken to another schema as well, of a subject of its own, past everything that would forbid it. */
  duplicate(pick: number): { readonly id: number; readonly subject: string; readonly text: SchemaText } {
    this.keepTruth();
    const ids = [...this.contents.keys()];
    const id = ids[pick % ids.length] ?? 1;
    const serial = ++this.duplicates;
    const subject = `duplicate-${serial}-value`;
    const text = avro({ type: 'record', name: `Duplicate${serial}`, fields: [] });
    const { schema, references } = text;
    const value = { subject, version: 1, id, schemaType: 'AVRO', schema, references, deleted: false } as const;
    forget(this.registry.append({ keytype: 'SCHEMA', subject, version: 1, value }));
    this.keepTruth();
    return { id, subject, text };
  }
}

/** What goes wrong with a step (a node is killed while it starts) is part of the story. */
function forget(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
