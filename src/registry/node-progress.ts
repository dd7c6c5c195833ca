/** How far each node has read: asked at most once a second per context, whatever the number of unknown ids. */
import type { Clock } from '../foundation/clock.ts';
import type { RegistryEndpoints } from './endpoints.ts';
import type { KnownSchemas } from './known-schemas.ts';
import type { NodeProgress, RegistryKnowledge } from './registry-knowledge.ts';
import {
  byIdRequest,
  contextOf,
  idOf,
  maxIdOf,
  schemaTextOf,
  subjectsRequest,
  versionRequest,
} from './registry-requests.ts';

export interface NodeProgressProbeOptions {
  readonly endpoints: RegistryEndpoints;
  readonly known: KnownSchemas;
  readonly knowledge: RegistryKnowledge;
  readonly clock: Clock;
}

interface Probed {
  readonly at: number;
  readonly nodes: readonly NodeProgress[];
}

const BELIEVED_MS = 1000;

export class NodeProgressProbe {
  private readonly options: NodeProgressProbeOptions;
  private readonly probed = new Map<string, Probed>();
  private readonly probing = new Map<string, Promise<readonly NodeProgress[]>>();

  constructor(options: NodeProgressProbeOptions) {
    this.options = options;
  }

  /** What was found out within the last second; empty when nobody asked. */
  recent(context: string): readonly NodeProgress[] {
    const probed = this.probed.get(context);
    return probed !== undefined && this.options.clock.monotonic() - probed.at < BELIEVED_MS ? probed.nodes : [];
  }

  forget(): void {
    this.probed.clear();
  }

  async ask(context: string, signal: AbortSignal): Promise<readonly NodeProgress[]> {
    const recent = this.recent(context);
    if (recent.length > 0) return recent;
    let probing = this.probing.get(context);
    if (probing === undefined) {
      probing = this.probe(context, signal).finally(() => this.probing.delete(context));
      this.probing.set(context, probing);
    }
    return probing;
  }

  private async probe(context: string, signal: AbortSignal): Promise<readonly NodeProgress[]> {
    const { clock, knowledge } = this.options;
    const nodes = await knowledge.progress(await this.look(context, signal), signal);
    this.probed.set(context, { at: clock.monotonic(), nodes });
    return nodes;
  }

  /** `maxId` comes only with an id that exists, so a known one is asked for; without any, one is looked for. */
  private async look(context: string, signal: AbortSignal): Promise<NodeProgress[]> {
    const { endpoints, known } = this.options;
    let asked = known.highestId(context);
    if (asked === undefined) {
      const subjects = await endpoints.call(subjectsRequest(), signal);
      if (subjects.verdict.class !== 'ok' || !Array.isArray(subjects.json)) return [];
      const last = subjects.json.filter((name) => typeof name === 'string' && contextOf(name) === context).at(-1);
      if (last === undefined) return [{ node: subjects.node, ready: true, highestId: 0 }];
      const latest = await endpoints.call(versionRequest(String(last), -1), signal);
      const id = idOf(latest.json);
      const text = schemaTextOf(latest.json);
      if (latest.verdict.class !== 'ok' || id === undefined || text === undefined) return [];
      asked = known.read(id, text, String(last), latest.node).id;
    }
    const id = asked;
    const answers = await endpoints.callEach(
      byIdRequest(id, context === '' ? undefined : `:.${context}:`, true),
      signal,
    );
    return answers.flatMap(({ node, verdict, json }): NodeProgress[] => {
      if (verdict.class === 'ok') return [{ node, ready: true, highestId: Math.max(id, maxIdOf(json) ?? id) }];
      return verdict.class === 'refresh-and-retry' ? [{ node, ready: false, highestId: null }] : [];
    });
  }
}
