/** How far each node has read: asked at most once a second per context, whatever the number of unknown ids. */
import type { Clock } from '../foundation/clock.ts';
import type { RegistryEndpoints } from './endpoints.ts';
import type { KnownSchemas } from './known-schemas.ts';
import { type ContradictionListener, readInPassing } from './passing-contradictions.ts';
import type { NodeProgress, RegistryKnowledge } from './registry-knowledge.ts';
import {
  byIdRequest,
  contextOf,
  maxIdOf,
  schemaTextOf,
  subjectsRequest,
  usableIdOf,
  versionRequest,
} from './registry-requests.ts';
import { contextSubject } from './subject-context.ts';

export interface NodeProgressProbeOptions {
  readonly endpoints: Pick<RegistryEndpoints, 'call' | 'callEach'>;
  readonly known: Pick<KnownSchemas, 'highestId' | 'read'>;
  readonly knowledge: Pick<RegistryKnowledge, 'progress'>;
  readonly clock: Clock;
  readonly contradicted: ContradictionListener;
}

interface Probed {
  readonly at: number;
  readonly nodes: readonly NodeProgress[];
  /** A node told the highest id that it has; otherwise there may be any above the one that was found. */
  readonly isTold: boolean;
}

type Look = Pick<Probed, 'nodes' | 'isTold'>;

const NOTHING: Look = { nodes: [], isTold: false };

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

  /** The same, but empty unless a node told what its highest id is. */
  recentlyTold(context: string): readonly NodeProgress[] {
    const nodes = this.recent(context);
    return this.probed.get(context)?.isTold === true ? nodes : [];
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
    const { nodes: looked, isTold } = await this.look(context, signal);
    const nodes = await knowledge.progress(looked, signal);
    this.probed.set(context, { at: clock.monotonic(), nodes, isTold });
    return nodes;
  }

  /** `maxId` comes only with an id that exists: a known one, or when that is gone, because somebody deleted it, one that is looked for. */
  private async look(context: string, signal: AbortSignal): Promise<Look> {
    const known = this.options.known.highestId(context);
    if (known !== undefined) {
      const look = await this.lookAt(context, known, signal);
      if (look.nodes.some(({ ready }) => ready)) return look;
      const found = await this.find(context, signal);
      return typeof found === 'number' && found !== known ? this.lookAt(context, found, signal) : look;
    }
    const found = await this.find(context, signal);
    return typeof found === 'number' ? this.lookAt(context, found, signal) : found;
  }

  /** Any id of the context that a node has; or what there is to say without one. */
  private async find(context: string, signal: AbortSignal): Promise<number | Look> {
    const { endpoints, known, contradicted } = this.options;
    const subjects = await endpoints.call(subjectsRequest(), signal);
    if (subjects.verdict.class !== 'ok' || !Array.isArray(subjects.json)) return NOTHING;
    const last = subjects.json.filter((name) => typeof name === 'string' && contextOf(name) === context).at(-1);
    if (last === undefined) return { nodes: [{ node: subjects.node, ready: true, highestId: 0 }], isTold: true };
    const latest = await endpoints.call(versionRequest(String(last), -1), signal);
    const id = usableIdOf(latest.json);
    const text = schemaTextOf(latest.json);
    if (latest.verdict.class !== 'ok' || id === undefined || text === undefined) return NOTHING;
    readInPassing(() => known.read(id, text, String(last), latest.node), contradicted);
    return id;
  }

  private async lookAt(context: string, id: number, signal: AbortSignal): Promise<Look> {
    const subject = contextSubject(context);
    const answers = await this.options.endpoints.callEach(byIdRequest(id, subject, true), signal);
    const nodes = answers.flatMap(({ node, verdict, json }): NodeProgress[] => {
      if (verdict.class === 'ok') return [{ node, ready: true, highestId: Math.max(id, maxIdOf(json) ?? id) }];
      return verdict.class === 'refresh-and-retry' ? [{ node, ready: false, highestId: null }] : [];
    });
    return {
      nodes,
      isTold: answers.some(({ verdict, json }) => verdict.class === 'ok' && maxIdOf(json) !== undefined),
    };
  }
}
