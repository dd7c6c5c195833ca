import type { Api } from './api.ts';
import type { OffsetOutcome } from './group.ts';

/** What the broker said about one topic or resource. */
export interface NamedOutcome {
  readonly name: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export interface CreatableTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs: readonly (readonly [string, string])[];
}

/** Creates topics; -1 partitions or replicas stand for the broker's default. */
export const createTopics: Api<{ timeoutMs: number; topics: readonly CreatableTopic[] }, readonly NamedOutcome[]> = {
  name: 'CreateTopics',
  key: 19,
  versions: [4, 4],
  encode(writer, { timeoutMs, topics }) {
    writer.array(topics, (topic) => {
      writer.string(topic.name).int32(topic.partitions).int16(topic.replicationFactor);
      writer.int32(0); // assignments: the broker's
      writer.array(topic.configs, ([name, value]) => writer.string(name).nullableString(value));
    });
    writer.int32(timeoutMs).bool(false);
  },
  decode(reader) {
    reader.int32(); // throttle time
    return reader.array(() => ({
      name: reader.string(),
      errorCode: reader.int16(),
      errorMessage: reader.nullableString(),
    }));
  },
};

export const deleteTopics: Api<{ timeoutMs: number; names: readonly string[] }, readonly NamedOutcome[]> = {
  name: 'DeleteTopics',
  key: 20,
  versions: [1, 3],
  encode(writer, { timeoutMs, names }) {
    writer.array(names, (name) => writer.string(name)).int32(timeoutMs);
  },
  decode(reader) {
    reader.int32(); // throttle time
    return reader.array(() => ({ name: reader.string(), errorCode: reader.int16(), errorMessage: null }));
  },
};

const TOPIC_RESOURCE = 2;

export interface DescribedConfigs extends NamedOutcome {
  readonly configs: readonly {
    readonly name: string;
    readonly value: string | null;
    /** {@link SET_FOR_TOPIC}, or where it holds by default. */
    readonly source: number;
  }[];
}

/** The source of a setting that was made for the topic itself. */
export const SET_FOR_TOPIC = 1;

/** The effective settings of topics. */
export const describeConfigs: Api<{ topics: readonly string[] }, readonly DescribedConfigs[]> = {
  name: 'DescribeConfigs',
  key: 32,
  versions: [1, 3],
  encode(writer, { topics }, version) {
    writer.array(topics, (topic) => writer.int8(TOPIC_RESOURCE).string(topic).int32(-1));
    writer.bool(false);
    if (version >= 3) writer.bool(false);
  },
  decode(reader, version) {
    reader.int32(); // throttle time
    return reader.array(() => {
      const errorCode = reader.int16();
      const errorMessage = reader.nullableString();
      reader.int8(); // type
      const name = reader.string();
      const configs = reader.array(() => {
        const name = reader.string();
        const value = reader.nullableString();
        reader.bool(); // read only
        const config = { name, value, source: reader.int8() };
        reader.bool(); // sensitive
        reader.array(() => [reader.string(), reader.nullableString(), reader.int8()]); // synonyms
        if (version >= 3) {
          reader.int8(); // type
          reader.nullableString(); // documentation
        }
        return config;
      });
      return { name, errorCode, errorMessage, configs };
    });
  },
};

const SET = 0;
const DELETE = 1;

/** Changes the settings that are named and leaves the others (KIP-339); null deletes an override. */
export const incrementalAlterConfigs: Api<
  { topic: string; changes: readonly (readonly [string, string | null])[] },
  readonly NamedOutcome[]
> = {
  name: 'IncrementalAlterConfigs',
  key: 44,
  versions: [0, 0],
  encode(writer, { topic, changes }) {
    writer.int32(1).int8(TOPIC_RESOURCE).string(topic);
    writer.array(changes, ([name, value]) => {
      writer
        .string(name)
        .int8(value === null ? DELETE : SET)
        .nullableString(value);
    });
    writer.bool(false);
  },
  decode(reader) {
    reader.int32(); // throttle time
    return reader.array(() => {
      const errorCode = reader.int16();
      const errorMessage = reader.nullableString();
      reader.int8(); // type
      return { name: reader.string(), errorCode, errorMessage };
    });
  },
};

/** Moves the start of logs. */
export const deleteRecords: Api<
  {
    timeoutMs: number;
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: number }[];
    }[];
  },
  readonly OffsetOutcome[]
> = {
  name: 'DeleteRecords',
  key: 21,
  versions: [0, 1],
  encode(writer, { timeoutMs, topics }) {
    writer.array(topics, ({ topic, partitions }) => {
      writer.string(topic).array(partitions, ({ partition, offset }) => writer.int32(partition).int64(offset));
    });
    writer.int32(timeoutMs);
  },
  decode(reader) {
    reader.int32(); // throttle time
    const outcomes: OffsetOutcome[] = [];
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => {
        const partition = reader.int32();
        reader.int64(); // low watermark
        outcomes.push({ topic, partition, errorCode: reader.int16() });
      });
    });
    return outcomes;
  },
};
