import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ClusterIdentity } from '../../../src/registry/cluster-identity.ts';
import { StaticCredentials } from '../../../src/registry/credentials.ts';
import { RegistryEndpoints } from '../../../src/registry/endpoints.ts';
import { IdVerifier } from '../../../src/registry/id-verifier.ts';
import { KnownSchemas, questionKey } from '../../../src/registry/known-schemas.ts';
import { type Finding, QuestionFinder } from '../../../src/registry/question-finder.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import { NoPrimaryKnowledge, type Observation } from '../../../src/registry/registry-knowledge.ts';
import type { SchemaStore } from '../../../src/registry/schema-store.ts';
import type { IntegrityError } from '../../../src/sdk/errors/index.ts';
import type { SchemaQuestion } from '../../../src/sdk/schema-view.ts';
import { ScriptedTransport, SmallRegistry } from './scripted-transport.ts';
import { NODE_A } from './worker-of-registries.ts';

/** What a test says of the primary. */
export class ScriptedKnowledge extends NoPrimaryKnowledge {
  at: string | null = null;
  changedAt: number | null = null;
  epochNow = 'one';
  suspect: (epoch: string) => boolean = () => false;
  readonly observed: Observation[] = [];

  override epoch(): string {
    return this.epochNow;
  }

  override primary(): string | null {
    return this.at;
  }

  override lastChangeAt(): number | null {
    return this.changedAt;
  }

  override isSuspect(acknowledgement: { readonly epoch: string } = { epoch: '' }): boolean {
    return this.suspect(acknowledgement.epoch);
  }

  override observe(observation?: Observation): void {
    if (observation !== undefined) this.observed.push(observation);
  }
}

/** What is below the gates of a registry's client, without a worker around it: nodes, what is known, and questions. */
export class RegistryOverNodes {
  readonly clock = new ManualClock();
  readonly transport = new ScriptedTransport(this.clock);
  readonly registry = new SmallRegistry();
  readonly knowledge = new ScriptedKnowledge();
  readonly events: RegistryEvent[] = [];
  readonly identity: ClusterIdentity;
  readonly endpoints: RegistryEndpoints;
  readonly known: KnownSchemas;
  readonly verifier: IdVerifier;
  readonly finder: QuestionFinder;
  readonly life = new AbortController();
  readonly ready = new Map<string, boolean>();
  /** Which nodes were asked who they are. */
  readonly verified: string[] = [];
  outageEndedAt: number | null = null;
  /** Met on the way to something else. */
  readonly contradictions: IntegrityError[] = [];

  constructor(
    options: { readonly nodes?: readonly string[]; readonly maxGap?: number; readonly store?: SchemaStore | null } = {},
  ) {
    const { nodes = [NODE_A], maxGap = 1000, store = null } = options;
    const { clock, knowledge, events } = this;
    for (const node of nodes) this.transport.nodes.set(node, this.registry.handle);
    this.identity = new ClusterIdentity({ nodes, store });
    this.endpoints = new RegistryEndpoints({
      nodes,
      transport: this.transport,
      credentials: new StaticCredentials({}),
      clock,
      primary: () => knowledge.primary(),
      isReady: (node) => this.ready.get(node) ?? null,
      requestTimeoutMs: 5000,
      headers: {},
      randomize: false,
      random: () => 0.5,
      verify: (node) => {
        this.verified.push(node);
        return Promise.resolve();
      },
    });
    this.known = new KnownSchemas({
      clock,
      store,
      identity: this.identity,
      epoch: () => knowledge.epoch(),
      maxEntries: 1000,
      maxLatest: 1000,
    });
    this.verifier = new IdVerifier({
      endpoints: this.endpoints,
      knowledge,
      contents: this.known.contents,
      emit: (event) => events.push(event),
      signal: this.life.signal,
    });
    this.finder = new QuestionFinder({
      endpoints: this.endpoints,
      known: this.known,
      knowledge,
      verifier: this.verifier,
      clock,
      maxGap,
      settleWindowMs: 60_000,
      outageEndedAt: () => this.outageEndedAt,
      contradicted: (error) => this.contradictions.push(error),
    });
  }

  /** What comes of it, in as much virtual time as it takes. */
  async settled<T>(running: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    running.then(over, over);
    for (let turn = 0; turn < 1000; turn++) {
      await this.clock.advance(0);
      if (isOver) return running;
      await this.clock.advance(this.clock.nextTimerInMs ?? 0);
    }
    throw new Error('it does not end');
  }

  find(question: SchemaQuestion): Promise<Finding> {
    return this.settled(this.finder.find(questionKey(question), question, this.life.signal));
  }

  /** Found, and known from then on. */
  async learn(question: SchemaQuestion): Promise<void> {
    const finding = await this.find(question);
    if (finding.kind === 'acknowledged') this.finder.accept(questionKey(question), finding);
    else if (finding.kind !== 'known') throw new Error(`it is ${finding.kind}`);
  }

  /** Asked twice, half a minute apart: what it came to, in words. */
  async twice(question: SchemaQuestion): Promise<string[]> {
    const first = wordsOfFinding(await this.find(question));
    await this.clock.advance(30_000);
    return [first, wordsOfFinding(await this.find(question))];
  }

  /** Requests since the last call, as `METHOD path`, whichever node got them. */
  asked(): string[] {
    return this.transport.requests.splice(0).map(({ method, path }) => `${method} ${path}`);
  }
}

/** `known 7`, `acknowledged 7`, `denied …code`, `away read`, `missing gate …code`. */
export function wordsOfFinding(finding: Finding): string {
  const short = (code: string): string => code.replace('holdfast.registry.', '');
  switch (finding.kind) {
    case 'known':
      return `known ${finding.known.schema.id}`;
    case 'acknowledged':
      return `acknowledged ${finding.registered.id}`;
    case 'denied':
      return `denied ${short(finding.error.code)}`;
    case 'away':
      return `away ${finding.access}`;
    case 'missing':
      return `missing ${finding.missing.gate} ${short(finding.missing.code)}`;
  }
}
