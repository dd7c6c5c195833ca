import type { GroupMember } from '../ports.ts';
export class KafkaGroupMember implements GroupMember {
  constructor(_: unknown) {}
  start(): void {}
  async commit(): Promise<void> {}
  async committed(): Promise<readonly (number | null)[]> {
    return [];
  }
  async close(): Promise<void> {}
}
