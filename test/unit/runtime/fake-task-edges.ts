/** What surrounds a task in the runtime's tests: its link to the control plane, its converters, its gates. */
import type { Logger } from '../../../src/foundation/logger.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import type { Committable, ErrorPolicy, ParkedInfo } from '../../../src/runtime/host/protocol.ts';
import type { TaskLink } from '../../../src/runtime/host/task-link.ts';
import { SnapshotGates } from '../../../src/runtime/parking/mirrored-gates.ts';
import type { Converters } from '../../../src/runtime/pipeline/source-record-converter.ts';
import type { Converter, HeaderConverter, RawRecord } from '../../../src/sdk/converter.ts';
import { SchemaAndValue } from '../../../src/sdk/data/schema-and-value.ts';
import type { GateSnapshot } from '../../../src/sdk/dependency-gate.ts';
import type { ConnectRecord } from '../../../src/sdk/record/connect-record.ts';
import type { OffsetMap } from '../../../src/sdk/task.ts';

export const logger: Logger = silentLogger;

export const NO_TOLERANCE: ErrorPolicy = {
  tolerance: 'none',
  retryTimeoutMs: 0,
  retryDelayMaxMs: 60_000,
  logEnable: false,
  logIncludeMessages: false,
  deadLetterQueue: null,
};
export const TOLERATE_ALL: ErrorPolicy = { ...NO_TOLERANCE, tolerance: 'all' };

export class FakeTaskLink implements TaskLink {
  readonly states: string[] = [];
  readonly parks: (ParkedInfo | null)[] = [];
  readonly seenTopics: string[] = [];
  readonly commits: Committable[] = [];
  /** What the next commits fail with. */
  readonly commitFailures: unknown[] = [];
  readonly stored = new Map<string, OffsetMap>();
  /** Consulted before a commit is answered. */
  beforeCommit: (committable: Committable) => void | Promise<void> = () => {};

  state(state: 'RUNNING' | 'PAUSED'): void {
    this.states.push(state);
  }

  parked(parked: ParkedInfo | null): void {
    this.parks.push(parked);
  }

  topics(topics: readonly string[]): void {
    this.seenTopics.push(...topics);
  }

  async commit(committable: Committable): Promise<void> {
    await this.beforeCommit(committable);
    const failure = this.commitFailures.shift();
    if (failure !== undefined) throw failure;
    this.commits.push(committable);
    if (committable.kind === 'source') {
      for (const { partition, offset } of committable.offsets) this.stored.set(JSON.stringify(partition), offset);
    }
  }

  async readOffsets(partitions: readonly OffsetMap[]): Promise<readonly (OffsetMap | null)[]> {
    return partitions.map((partition) => this.stored.get(JSON.stringify(partition)) ?? null);
  }

  get isParked(): boolean {
    return (this.parks.at(-1) ?? null) !== null;
  }

  /** The last committed offset of each sink partition. */
  sinkOffsets(): Record<string, number> {
    const offsets: Record<string, number> = {};
    for (const committable of this.commits) {
      if (committable.kind !== 'sink') continue;
      for (const { topic, partition, offset } of committable.offsets) offsets[`${topic}-${partition}`] = offset;
    }
    return offsets;
  }
}

export function snapshot(id: string, state: GateSnapshot['state'], reason = 'refused'): GateSnapshot {
  return {
    id,
    state,
    dependency: 'schema registry (writes)',
    reason: state === 'open' ? '' : reason,
    since: 0,
    attempts: 0,
    nextProbeAt: null,
  };
}

export function closedGate(id: string): SnapshotGates {
  const gates = new SnapshotGates();
  gates.apply(snapshot(id, 'closed'));
  return gates;
}

/** Strings to UTF-8 and back. `fail` throws for the values it is to fail for. */
export class FakeStringConverter implements Converter {
  fail: (value: string) => void = () => {};
  prepare: ((count: number) => Promise<void> | undefined) | null = null;
  conversions = 0;

  configure(): void {}

  prepareFromConnectData(records: readonly ConnectRecord[]): Promise<void> | undefined {
    return this.prepare?.(records.length);
  }

  prepareToConnectData(records: readonly RawRecord[]): Promise<void> | undefined {
    return this.prepare?.(records.length);
  }

  fromConnectData(_topic: string, _schema: unknown, value: unknown): Uint8Array | null {
    if (value === null) return null;
    this.conversions++;
    this.fail(String(value));
    return Buffer.from(String(value));
  }

  toConnectData(_topic: string, bytes: Uint8Array | null): SchemaAndValue {
    if (bytes === null) return SchemaAndValue.NULL;
    this.conversions++;
    const value = Buffer.from(bytes).toString();
    this.fail(value);
    return new SchemaAndValue(null, value);
  }
}

export class FakeHeaderConverter implements HeaderConverter {
  conversions = 0;

  configure(): void {}

  fromConnectHeader(_topic: string, _key: string, _schema: unknown, value: unknown): Uint8Array | null {
    this.conversions++;
    return value === null ? null : Buffer.from(String(value));
  }

  toConnectHeader(_topic: string, _key: string, bytes: Uint8Array | null): SchemaAndValue {
    this.conversions++;
    return new SchemaAndValue(null, bytes === null ? null : Buffer.from(bytes).toString());
  }
}

export interface FakeConverters extends Converters {
  readonly stringKey: FakeStringConverter;
  readonly stringValue: FakeStringConverter;
  readonly stringHeader: FakeHeaderConverter;
}

export function fakeConverters(): FakeConverters {
  const stringKey = new FakeStringConverter();
  const stringValue = new FakeStringConverter();
  const stringHeader = new FakeHeaderConverter();
  return {
    stringKey,
    stringValue,
    stringHeader,
    key: { className: 'test.KeyConverter', converter: stringKey },
    value: { className: 'test.ValueConverter', converter: stringValue },
    header: { className: 'test.HeaderConverter', converter: stringHeader },
  };
}

/** Lets everything that is ready run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
}
