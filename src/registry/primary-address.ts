/** Which of our nodes the primary's own address leads to. It may be of use inside the registry's own network only: then it is a name, no more. */
import { matchAddress, type ResolveHost, resolveAddress, resolveByDns } from './advertised-address.ts';

export interface PrimaryAddressOptions {
  readonly nodes: readonly string[];
  /** By DNS unless told. */
  readonly resolveHost: ResolveHost | undefined;
  readonly signal: AbortSignal;
  /** The address that was reached for last leads to this node; null: to none. Not told when that is plain at once. */
  readonly onResolved: (url: string, node: string | null) => void;
}

export class PrimaryAddress {
  private readonly options: PrimaryAddressOptions;
  private reached: { readonly url: string; readonly node: string | null } | undefined;

  constructor(options: PrimaryAddressOptions) {
    this.options = options;
  }

  /** null: none of ours, or not known yet. */
  nodeAt(url: string): string | null {
    return this.reached?.url === url ? this.reached.node : null;
  }

  reach(url: string | null): void {
    if (url === null || this.reached?.url === url) return;
    const { nodes, resolveHost, signal, onResolved } = this.options;
    const node = matchAddress(url, nodes);
    this.reached = { url, node };
    if (node !== null) return;
    resolveAddress(url, nodes, resolveHost ?? resolveByDns).then(
      (resolved) => {
        if (this.reached?.url !== url || signal.aborted) return;
        this.reached = { url, node: resolved };
        onResolved(url, resolved);
      },
      () => {},
    );
  }
}
