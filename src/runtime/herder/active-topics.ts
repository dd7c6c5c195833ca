/**
 * Topics that connectors wrote to or read from (KIP-558), in memory. They stay while a connector is paused, stopped, restarted or configured
 * anew, and go when it is deleted.
 */
export class ActiveTopics {
  private readonly topics = new Map<string, Set<string>>();

  of(connector: string): readonly string[] {
    return [...(this.topics.get(connector) ?? [])];
  }

  add(connector: string, topics: readonly string[]): void {
    const known = this.topics.get(connector) ?? new Set<string>();
    for (const topic of topics) known.add(topic);
    this.topics.set(connector, known);
  }

  reset(connector: string): void {
    this.topics.delete(connector);
  }
}
