import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock } from '../../foundation/clock.ts';
import type { Logger } from '../../foundation/logger.ts';
import { ConfigError, EnvironmentError, NotFoundError } from '../../sdk/errors/index.ts';
import { BROKER_UNAVAILABLE, TOPIC_INVALID, TOPIC_UNKNOWN } from '../broker-errors.ts';
import { writeFileAtomically } from './atomic-file.ts';
import { errnoOf, type FileSystem, readWhole } from './file-system.ts';
import { FORMAT_UNSUPPORTED } from './folder-format.ts';
import { describeFailure } from './group-commit.ts';
import { openPartitionLog } from './log-recovery.ts';
import type { PartitionLog } from './partition-log.ts';
import { checkTopicConfigs, type TopicConfig, topicConfig } from './topic-config.ts';
import { checkTopicName } from './topic-name.ts';
import type { WriteAvailability } from './write-availability.ts';

const FILE = 'topics.json';
const FORMAT_VERSION = 1;
const MAX_PARTITIONS = 10_000;

/** A topic and its logs. */
export interface Topic {
  readonly name: string;
  /** Another one if the topic is deleted and created again. */
  readonly id: string;
  /** By partition number. */
  readonly logs: readonly PartitionLog[];
  /** What was set for the topic itself. */
  readonly configs: Readonly<Record<string, string>>;
  readonly config: TopicConfig;
  /** ms since the epoch. */
  readonly createdAt: number;
  /** Topics of the broker's own, which clients don't see. */
  readonly internal: boolean;
}

interface StoredTopic {
  readonly name: string;
  readonly id: string;
  readonly partitions: number;
  readonly configs: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly internal: boolean;
}

export interface TopicStoreInput {
  readonly dir: string;
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly availability: WriteAvailability;
  /** Partitions of a topic that nobody asked a number for; Kafka's `num.partitions`. */
  readonly defaultPartitions: number;
}

/**
 * The topics of a folder. What exists is what `topics.json` names, which is replaced as a whole; a folder of a partition that it
 * doesn't name is a leftover of an interrupted creation or deletion, and is removed at the next start.
 */
export class TopicStore {
  private readonly input: TopicStoreInput;
  private readonly root: string;
  private readonly topics = new Map<string, Topic>();
  private readonly listeners = new Set<(deleted: string | null) => void>();
  private changes: Promise<unknown> = Promise.resolve();

  private constructor(input: TopicStoreInput) {
    this.input = input;
    this.root = join(input.dir, 'topics');
  }

  static async open(input: TopicStoreInput): Promise<TopicStore> {
    const store = new TopicStore(input);
    await store.load();
    return store;
  }

  get(name: string): Topic | undefined {
    return this.topics.get(name);
  }

  all(): Topic[] {
    return [...this.topics.values()];
  }

  log(topic: string, partition: number): PartitionLog | undefined {
    return this.topics.get(topic)?.logs[partition];
  }

  /** Calls the listener after a topic was created, changed or deleted (then with its name). Returns how to stop. */
  onChange(listener: (deleted: string | null) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Durable once this resolves.
   *
   * @throws ConfigError for a name, number of partitions or setting that is not allowed
   * @throws EnvironmentError when the disk failed
   */
  create(spec: {
    readonly name: string;
    /** -1 for the default. */
    readonly partitions: number;
    readonly configs: Readonly<Record<string, string>>;
    readonly internal?: boolean;
  }): Promise<'created' | 'exists'> {
    checkTopicName(spec.name);
    checkTopicConfigs(spec.name, spec.configs);
    const partitions = spec.partitions === -1 ? this.input.defaultPartitions : spec.partitions;
    if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS) {
      throw new ConfigError(
        `Topic '${spec.name}' can't have ${partitions} partitions: the embedded broker takes 1 to ${MAX_PARTITIONS}, or -1 for its default.`,
        { code: TOPIC_INVALID },
      );
    }
    return this.exclusively(`creating topic ${spec.name}`, async () => {
      if (this.topics.has(spec.name)) return 'exists';
      this.refuseTwinOnCaseInsensitiveDisk(spec.name);
      const stored: StoredTopic = {
        name: spec.name,
        id: randomUUID(),
        partitions,
        configs: { ...spec.configs },
        createdAt: this.input.clock.now(),
        internal: spec.internal ?? false,
      };
      // What a deletion that was cut short left must not come to life in the new topic.
      for (let partition = 0; partition < partitions; partition++)
        await this.removeFolder(this.folder(stored, partition));
      await this.input.fileSystem.syncDirectory(this.root);
      const topic = await this.openTopic(stored);
      try {
        await this.input.fileSystem.syncDirectory(this.root);
        await this.save([...this.topics.values(), topic]);
      } catch (error) {
        // It is tried again and again while the disk is full: each attempt gives its files back.
        for (const log of topic.logs) await log.markDeleted();
        throw error;
      }
      this.topics.set(topic.name, topic);
      this.changed(null);
      return 'created';
    });
  }

  /** @throws NotFoundError for a topic that doesn't exist, EnvironmentError when the disk failed */
  delete(name: string): Promise<void> {
    return this.exclusively(`deleting topic ${name}`, async () => {
      const topic = this.existing(name);
      await this.save([...this.topics.values()].filter((other) => other !== topic));
      this.topics.delete(name);
      for (const log of topic.logs) await log.markDeleted();
      this.changed(name);
      try {
        for (const log of topic.logs) await this.removeFolder(log.directory);
      } catch (err) {
        this.input.logger.warn('Files of a deleted topic could not be removed; the next start tries again.', {
          topic: name,
          err,
        });
      }
    });
  }

  /** Changes what is named; null goes back to the default. Durable once this resolves. */
  alterConfigs(name: string, changes: Readonly<Record<string, string | null>>): Promise<void> {
    return this.exclusively(`changing the settings of topic ${name}`, async () => {
      const topic = this.existing(name);
      const configs: Record<string, string> = { ...topic.configs };
      const set: Record<string, string> = {};
      for (const [key, value] of Object.entries(changes)) {
        if (value === null) delete configs[key];
        else set[key] = value;
      }
      checkTopicConfigs(name, set);
      Object.assign(configs, set);
      const changed: Topic = { ...topic, configs, config: topicConfig(configs) };
      await this.save([...this.topics.values()].map((other) => (other === topic ? changed : other)));
      this.topics.set(name, changed);
      this.changed(null);
    });
  }

  async close(): Promise<void> {
    await this.changes;
    await Promise.all(this.all().flatMap((topic) => topic.logs.map((log) => log.close())));
  }

  private existing(name: string): Topic {
    const topic = this.topics.get(name);
    if (topic !== undefined) return topic;
    throw new NotFoundError(`Topic '${name}' does not exist in the embedded broker at ${this.input.dir}.`, {
      code: TOPIC_UNKNOWN,
    });
  }

  private async load(): Promise<void> {
    const { fileSystem, dir } = this.input;
    await fileSystem.mkdir(this.root);
    const folders = await fileSystem.readdir(this.root);
    const bytes = await readWhole(fileSystem, join(dir, FILE));
    if (bytes === null) {
      if (folders.length > 0) await this.refuseWithoutList(folders);
      await this.save([]);
      return;
    }
    const content: { readonly formatVersion: number; readonly topics: readonly StoredTopic[] } = JSON.parse(
      bytes.toString('utf8'),
    );
    if (content.formatVersion !== FORMAT_VERSION) {
      throw new ConfigError(
        `${join(dir, FILE)} has format version ${content.formatVersion}, and this version of Holdfast knows ${FORMAT_VERSION}. Use the version that wrote it.`,
        { code: FORMAT_UNSUPPORTED },
      );
    }
    const named = new Set<string>();
    for (const stored of content.topics) {
      for (let partition = 0; partition < stored.partitions; partition++) named.add(this.folder(stored, partition));
    }
    for (const folder of folders) {
      if (!named.has(join(this.root, folder))) await this.removeFolder(join(this.root, folder));
    }
    for (const stored of content.topics) this.topics.set(stored.name, await this.openTopic(stored));
  }

  /** Without the list, folders with records in them were not made by an interrupted creation: they must not be removed. */
  private async refuseWithoutList(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      const names = await this.input.fileSystem.readdir(join(this.root, folder));
      if (!names.some((name) => name.endsWith('.log'))) continue;
      throw new ConfigError(
        `${this.input.dir} holds logs of topics (${folder}), but its list of topics, ${FILE}, is gone. Restore that file, or move the folder away to begin anew.`,
        { code: FORMAT_UNSUPPORTED },
      );
    }
  }

  private async openTopic(stored: StoredTopic): Promise<Topic> {
    const { fileSystem, clock, logger, availability } = this.input;
    const logs: PartitionLog[] = [];
    let initial = topicConfig(stored.configs);
    try {
      for (let partition = 0; partition < stored.partitions; partition++) {
        logs.push(
          await openPartitionLog({
            topic: stored.name,
            partition,
            directory: this.folder(stored, partition),
            fileSystem,
            clock,
            logger,
            availability,
            config: () => {
              const topic = this.topics.get(stored.name);
              if (topic?.id === stored.id) initial = topic.config;
              return initial;
            },
          }),
        );
      }
    } catch (error) {
      for (const log of logs) await log.markDeleted();
      throw error;
    }
    return { ...stored, logs, config: initial };
  }

  private async save(topics: readonly Topic[]): Promise<void> {
    const stored: StoredTopic[] = topics.map((topic) => ({
      name: topic.name,
      id: topic.id,
      partitions: topic.logs.length,
      configs: topic.configs,
      createdAt: topic.createdAt,
      internal: topic.internal,
    }));
    const content = JSON.stringify({ formatVersion: FORMAT_VERSION, topics: stored }, null, 2);
    await writeFileAtomically(this.input.fileSystem, join(this.input.dir, FILE), Buffer.from(`${content}\n`));
  }

  private folder(stored: { readonly name: string }, partition: number): string {
    return join(this.root, `${stored.name}-${partition}`);
  }

  private async removeFolder(folder: string): Promise<void> {
    const { fileSystem } = this.input;
    let names: string[];
    try {
      names = await fileSystem.readdir(folder);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    for (const name of names) await fileSystem.unlink(join(folder, name));
    await fileSystem.syncDirectory(folder);
    await fileSystem.rmdir(folder);
  }

  private refuseTwinOnCaseInsensitiveDisk(name: string): void {
    if (process.platform !== 'darwin' && process.platform !== 'win32') return;
    const twin = this.all().find((topic) => topic.name.toLowerCase() === name.toLowerCase());
    if (twin === undefined) return;
    throw new ConfigError(
      `Topic '${name}' differs from '${twin.name}' in upper and lower case only, which the disk of this machine does not tell apart.`,
      { code: TOPIC_INVALID },
    );
  }

  private changed(deleted: string | null): void {
    for (const listener of this.listeners) listener(deleted);
  }

  /** One change at a time; a failing disk becomes an EnvironmentError. */
  private exclusively<T>(what: string, change: () => Promise<T>): Promise<T> {
    const result = this.changes.then(change).catch((error: unknown) => {
      if (errnoOf(error) === undefined || error instanceof ConfigError || error instanceof NotFoundError) throw error;
      throw new EnvironmentError(describeFailure(`${this.input.dir} while ${what}`, error), {
        code: BROKER_UNAVAILABLE,
        cause: error,
      });
    });
    this.changes = result.catch(() => {});
    return result;
  }
}
