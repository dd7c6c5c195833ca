/** What operators and other members of a group do while tasks are parked on a registry that is away. */
import { silentLogger } from '../../src/foundation/logger.ts';
import { type AvroBench, sequenceSchema } from '../support/avro-pipelines.ts';
import { eventually } from '../support/worker-process.ts';

/** Invariant 7: the REST API answers within a second, whatever is away. */
const ANSWER_MS = 1_000;

interface Parked {
  /** A source, and a sink with its only topic, of which at least the source is parked. */
  readonly source: string;
  readonly sink: string;
  readonly topic: string;
  /** The name of a connector and topic that are free, and that this one makes and deletes. */
  readonly passing: string;
}

/**
 * Pauses, resumes and restarts the source, makes and deletes another one, and has another member join the group of the sink and leave it.
 * Rejects when an answer is another one than on a quiet day, or takes more than a second. Resolves with the slowest, in ms.
 */
export async function operateWhileParked(bench: AvroBench, { source, sink, topic, passing }: Parked): Promise<number> {
  let slowestMs = 0;
  const call = async (method: string, path: string, expected: number): Promise<void> => {
    const begun = performance.now();
    const { status } = await bench.connect.request(method, path);
    const took = performance.now() - begun;
    slowestMs = Math.max(slowestMs, took);
    if (status !== expected) throw new Error(`${method} ${path} answered ${status} instead of ${expected}`);
    if (took > ANSWER_MS) throw new Error(`${method} ${path} took ${Math.round(took)} ms`);
  };
  await call('PUT', `/connectors/${source}/pause`, 202);
  await call('PUT', `/connectors/${source}/resume`, 202);
  await call('POST', `/connectors/${source}/tasks/0/restart`, 204);
  await call('POST', `/connectors/${source}/restart?includeTasks=true`, 202);
  await bench.source(passing, passing, sequenceSchema('Passing'));
  bench.feed(passing, [0]);
  await bench.parked(passing, 30_000);
  await call('DELETE', `/connectors/${passing}`, 204);
  await rebalance(bench, sink, topic);
  await call('GET', '/connectors?expand=status', 200);
  await call('GET', `/connectors/${source}/status`, 200);
  await call('GET', '/registries', 200);
  return slowestMs;
}

/** Another member joins the group of a sink, is given its share, which may be the partition of the sink, and leaves. */
async function rebalance(bench: AvroBench, sink: string, topic: string): Promise<void> {
  let isAssigned = false;
  const member = bench.broker.groupMember({
    settings: { 'session.timeout.ms': '6000' },
    logger: silentLogger,
    groupId: `connect-${sink}`,
    subscription: { topics: [topic] },
    listener: {
      onAssigned: async () => {
        isAssigned = true;
      },
      onRevoked: async () => {},
      onLost: async () => {},
      onFailed: () => {},
    },
  });
  member.start();
  try {
    await eventually(`a second member in the group of ${sink}`, () => isAssigned);
  } finally {
    await member.close();
  }
}
