import type { GroupDescription } from '../broker/ports.ts';

/** The group that the nodes elect their primary in, as a broker would describe it: it lags the truth, and leads it. */
export class GroupScript {
  private readonly groupId: string;
  private readonly urls: readonly string[];
  private state: GroupDescription['state'] | 'unavailable' = 'Stable';
  private primary: number | null = null;
  /** A member gets a new id with every start; so does a primary that takes over. */
  private readonly incarnations: number[];

  constructor({ groupId, urls }: { readonly groupId: string; readonly urls: readonly string[] }) {
    this.groupId = groupId;
    this.urls = urls;
    this.incarnations = urls.map(() => 1);
  }

  /** Stable, naming this node; null: no eligible one. */
  follow(primary: number | null): void {
    this.show('Stable', primary);
  }

  /** `unavailable`: describing rejects. The primary counts in Stable only. */
  show(state: GroupDescription['state'] | 'unavailable', primary: number | null): void {
    this.state = state;
    this.primary = primary;
  }

  /** The node came back as another member. */
  rejoin(node: number): void {
    this.incarnations[node] = (this.incarnations[node] ?? 0) + 1;
  }

  memberId(node: number): string {
    return `sr-1-node-${node}-${this.incarnations[node] ?? 1}`;
  }

  /** Throws an Error when no broker could tell. */
  describe(): GroupDescription {
    const { state, groupId } = this;
    if (state === 'unavailable') throw new Error('The broker that coordinates the group can not be reached.');
    const assignment = state === 'Stable' ? this.assignment() : new Uint8Array();
    return {
      groupId,
      state,
      protocolType: 'sr',
      protocol: state === 'Stable' ? 'v0' : '',
      members: this.urls.map((_, node) => ({
        memberId: this.memberId(node),
        clientId: `sr-${node}`,
        clientHost: '/127.0.0.1',
        metadata: json(this.identity(node)),
        assignment,
      })),
    };
  }

  private assignment(): Uint8Array {
    const { primary } = this;
    if (primary === null) return json({ version: 1, error: 0, master: null });
    return json({ version: 1, error: 0, master: this.memberId(primary), master_identity: this.identity(primary) });
  }

  private identity(node: number): object {
    const { hostname, port, protocol } = new URL(this.urls[node] ?? 'http://unknown:0');
    return {
      version: 2,
      host: hostname,
      port: Number(port),
      scheme: protocol.replace(':', ''),
      master_eligibility: true,
    };
  }
}

function json(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
