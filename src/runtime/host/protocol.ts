/**
 * The contract between control plane (herder, group membership, offset commits, registry coordinator) and a task host
 * (the data plane). Every message is structured-cloneable: errors travel in their wire form, plugins as module specifiers,
 * functions never. An inline host passes the same messages as a worker thread would.
 *
 * Order: messages of one direction arrive in the order they were posted. Every request is answered exactly once; a host that
 * ends answers nothing more, and its link rejects what is open.
 */
import type { ClientFigures } from '../../broker/client-figures.ts';
import type { TopicPartition, TopicPartitionOffset } from '../../broker/ports.ts';
import type { LinkAnswer, LinkCancel } from '../../foundation/message-link.ts';
import type { GateSnapshot } from '../../sdk/dependency-gate.ts';
import type { WireError } from '../../sdk/errors/error-wire.ts';
import type { OffsetMap } from '../../sdk/task.ts';
import type { PluginQuestion } from '../config/plugin-definition.ts';
import type { PluginFigure } from '../metrics/plugin-figures.ts';
import type { LoadedPluginKind } from './plugin-loader.ts';

export interface TaskId {
  readonly connector: string;
  readonly task: number;
}

/** Where a class comes from: the module is imported in the host, the class looked up in its manifest. */
export interface PluginRef {
  /** A module specifier that `import()` takes: a file URL. */
  readonly module: string;
  readonly className: string;
}

export interface ConverterSpec extends PluginRef {
  /** The converter's own settings, prefix stripped, variables resolved. */
  readonly config: Readonly<Record<string, string>>;
}

export interface TransformationSpec extends PluginRef {
  readonly alias: string;
  readonly config: Readonly<Record<string, string>>;
  readonly predicate?: PluginRef & {
    readonly alias: string;
    readonly config: Readonly<Record<string, string>>;
    readonly negate: boolean;
  };
}

export interface ErrorPolicy {
  /** `errors.tolerance` */
  readonly tolerance: 'none' | 'all';
  readonly retryTimeoutMs: number;
  readonly retryDelayMaxMs: number;
  readonly logEnable: boolean;
  readonly logIncludeMessages: boolean;
  /** null: no dead letter queue. */
  readonly deadLetterQueue: {
    readonly topic: string;
    readonly replicationFactor: number;
    readonly contextHeaders: boolean;
  } | null;
  /** Invariant 8: struck out of what is reported. */
  readonly secrets?: readonly string[];
}

interface TaskSpecBase {
  readonly id: TaskId;
  readonly connectorClass: PluginRef;
  readonly taskConfig: Readonly<Record<string, string>>;
  readonly keyConverter: ConverterSpec;
  readonly valueConverter: ConverterSpec;
  readonly headerConverter: ConverterSpec;
  readonly transformations: readonly TransformationSpec[];
  readonly errors: ErrorPolicy;
  readonly initialState: 'STARTED' | 'PAUSED';
  /** Kafka client settings, precedence applied. */
  readonly producerSettings: Readonly<Record<string, string>>;
  readonly consumerSettings: Readonly<Record<string, string>>;
  readonly adminSettings: Readonly<Record<string, string>>;
  /** By client and setting, the key under which it is written, for the texts of mistakes. */
  readonly writtenClientKeys?: Readonly<Record<'producer' | 'consumer' | 'admin', Readonly<Record<string, string>>>>;
  /** Settings of ours, e.g. `park.timeout.ms`, `max.inflight.bytes`; parsed by the host. */
  readonly hostSettings: Readonly<Record<string, string>>;
  /** `offset.flush.timeout.ms` */
  readonly offsetFlushTimeoutMs: number;
}

export interface TopicCreationGroup {
  readonly name: string;
  /** Regular expression sources that must match the whole topic name. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

export interface SourceTaskSpec extends TaskSpecBase {
  readonly kind: 'source';
  /** null: topics are created by the broker or not at all; otherwise in order, the last one is `default`. */
  readonly topicCreation: readonly TopicCreationGroup[] | null;
}

export interface SinkTaskSpec extends TaskSpecBase {
  readonly kind: 'sink';
}

export type TaskSpec = SourceTaskSpec | SinkTaskSpec;

/** Why a task waits, as `/status` shows it. */
export interface ParkedInfo {
  /** `schema registry (writes)`, `broker`, `target system`, … */
  readonly dependency: string;
  readonly gateId: string | null;
  readonly reason: string;
  /** Code of the error that parked it. */
  readonly code: string;
  /** `topic-partition` of sinks; empty when the whole task waits. */
  readonly partitions: readonly string[];
  /** The offset at which each of them waits, where one record is what holds it up. */
  readonly waitingAt?: Readonly<Record<string, number>>;
  /** ms since the epoch. */
  readonly since: number;
  readonly attempts: number;
  readonly nextProbeAt: number | null;
}

/** A call of a plugin's method that has not returned yet. */
export interface PluginCall {
  readonly method: string;
  /** ms since the epoch. */
  readonly since: number;
}

/** What a task can be committed up to. */
export type Committable =
  | {
      readonly kind: 'source';
      readonly offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap }[];
    }
  | { readonly kind: 'sink'; readonly offsets: readonly TopicPartitionOffset[] };

/** Control plane -> host. */
export type ToHost =
  | { readonly type: 'task.start'; readonly spec: TaskSpec }
  | { readonly type: 'task.target'; readonly id: TaskId; readonly state: 'STARTED' | 'PAUSED' }
  /**
   * Ends the task: no more polls, what is in flight is awaited up to the deadline, then a final `task.committable` request from
   * the host, then `task.ended`. After the deadline the control plane counts the task as lost and ignores what it still says.
   */
  | { readonly type: 'task.stop'; readonly id: TaskId; readonly timeoutMs: number }
  /** Source: answer with a `task.committable` request soon (interval commit). Sink: commit after the current `put`. */
  | { readonly type: 'task.commit'; readonly id: TaskId }
  /** `task.topics` of before were reset: topics whose records are moved from here on are told again. */
  | { readonly type: 'task.topics.forget'; readonly id: TaskId }
  /** New partitions of a sink with the offsets to start at; 'earliest'/'latest' where nothing is committed. */
  | {
      readonly type: 'sink.assign';
      readonly id: TaskId;
      readonly partitions: readonly (TopicPartition & { readonly offset: number | 'earliest' | 'latest' })[];
    }
  | { readonly type: 'gate.changed'; readonly gate: GateSnapshot }
  /** A `start` of the connector that is under way is to end. */
  | { readonly type: 'connector.cancel'; readonly connector: string; readonly instance: number }
  /** What a contributed service tells every host unasked; handed on to the host's side of that service. */
  | { readonly type: 'service.notice'; readonly service: string; readonly body: unknown }
  | LinkAnswer
  | { readonly type: 'request'; readonly seq: number; readonly body: HostRequest }
  | LinkCancel;

/** As `alterOffsets` of a source gets them, or of a sink. */
export type AlteredOffsets =
  | readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[]
  | ReadonlyMap<string, number | null>;

/** A method of a connector that runs in a host. `instance` tells apart those that had one name after another. */
export type ConnectorCall = {
  readonly type: 'connector';
  readonly connector: string;
  readonly instance: number;
} /** Answer: its version. */ & (
  | { readonly method: 'create'; readonly plugin: PluginRef; readonly kind: 'source' | 'sink' }
  | { readonly method: 'start'; readonly config: Readonly<Record<string, string>> }
  /** Answer: the configurations. */
  | { readonly method: 'taskConfigs'; readonly maxTasks: number }
  /** Of an instance of its own, which is never started: `instance` says nothing. Answer: what the connector returned, undefined without the method. */
  | {
      readonly method: 'alterOffsets';
      readonly plugin: PluginRef;
      readonly config: Readonly<Record<string, string>>;
      readonly offsets: AlteredOffsets;
    }
  /** Of an instance of its own, too. Answer: a `ConnectorDefinition` in its wire form. */
  | {
      readonly method: 'config' | 'validate';
      readonly plugin: PluginRef;
      /** null: only the settings themselves are asked for. */
      readonly config: Readonly<Record<string, string | null>> | null;
    }
  /**
   * Of an instance of a transformation, predicate or converter, which is never configured; `named` is what the call is called. Answer: a
   * `PluginAnswer`.
   */
  | ({
      readonly method: 'describe';
      readonly named: string;
      readonly kind: LoadedPluginKind;
      readonly plugin: PluginRef;
    } & PluginQuestion)
  | { readonly method: 'stop' }
  /** The instance is not used any more. */
  | { readonly method: 'release' }
);

/** What a connector in a host says unasked. */
export type ConnectorEvent = {
  readonly type: 'connector.event';
  readonly connector: string;
  readonly instance: number;
} & (
  | { readonly event: 'reconfigure' }
  /** It begins this call, by the thread's clock; the answer to the request tells its end. */
  | { readonly event: 'calling'; readonly call: PluginCall }
  | { readonly event: 'error'; readonly error: WireError }
  /** All that it measures itself, as it stands. */
  | { readonly event: 'figures'; readonly figures: readonly PluginFigure[] }
);

/** Requests of the control plane that a host answers. */
export type HostRequest =
  | ConnectorCall
  /** Skips the one record that a partition waits at. Answer: undefined, or an error with the code `holdfast.task.not-skippable`. */
  | { readonly type: 'sink.skip'; readonly id: TaskId; readonly at: TopicPartitionOffset }
  /**
   * Partitions are about to be taken away. The host stops delivering them, lets a running `put` end, runs preCommit, calls the
   * task's `close`, and answers with the offsets to commit (empty when lost). Answer: {@link SinkRevoked}.
   */
  | {
      readonly type: 'sink.revoke';
      readonly id: TaskId;
      readonly partitions: readonly TopicPartition[];
      readonly lost: boolean;
    };

export interface SinkRevoked {
  readonly offsets: readonly TopicPartitionOffset[];
}

/** Host -> control plane. */
export type FromHost =
  | { readonly type: 'task.state'; readonly id: TaskId; readonly state: 'RUNNING' | 'PAUSED' }
  | { readonly type: 'task.failed'; readonly id: TaskId; readonly error: WireError }
  /** null: it goes on. */
  | { readonly type: 'task.parked'; readonly id: TaskId; readonly parked: ParkedInfo | null }
  /** The plugin call that the task has been in for a second or longer; null: in none any more. */
  | { readonly type: 'task.calling'; readonly id: TaskId; readonly call: PluginCall | null }
  /** The task has ended: after stop (and its final commit) or after failing. Nothing more comes from it. */
  | { readonly type: 'task.ended'; readonly id: TaskId }
  | ConnectorEvent
  /** Topics that records of this task went to or came from, for the first time. */
  | { readonly type: 'task.topics'; readonly id: TaskId; readonly topics: readonly string[] }
  /** Counters since the task started, at most a few times a second. */
  | {
      readonly type: 'task.counters';
      readonly id: TaskId;
      readonly counters: Readonly<Record<string, number>>;
      /** What the task's plugins measure themselves. */
      readonly plugins: readonly PluginFigure[];
    }
  /** What the task's clients of the broker measure, every few seconds. */
  | { readonly type: 'task.clients'; readonly id: TaskId; readonly clients: readonly ClientFigures[] }
  | LinkAnswer
  | { readonly type: 'request'; readonly seq: number; readonly body: ControlRequest }
  | LinkCancel;

/** Requests of a host that the control plane answers. */
export type ControlRequest =
  /** Commit these. Answered when durable, or with an error (nothing was committed). */
  | { readonly type: 'task.committable'; readonly id: TaskId; readonly committable: Committable }
  /** Answer: `(OffsetMap | null)[]`, parallel. */
  | { readonly type: 'offsets.read'; readonly connector: string; readonly partitions: readonly OffsetMap[] }
  /** Anything a contributed service understands (the registry coordinator: `registry`). */
  | { readonly type: 'service'; readonly service: string; readonly body: unknown };
