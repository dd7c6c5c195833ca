import type { Api } from './api.ts';

export interface MetadataBroker {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

export interface MetadataPartition {
  readonly errorCode: number;
  readonly partition: number;
  /** -1: none at present. */
  readonly leader: number;
  /** How many there are to be. */
  readonly replicas: number;
}

export interface MetadataTopic {
  readonly errorCode: number;
  readonly name: string;
  readonly internal: boolean;
  /** Ascending. */
  readonly partitions: readonly MetadataPartition[];
}

export interface MetadataResponse {
  readonly brokers: readonly MetadataBroker[];
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly topics: readonly MetadataTopic[];
}

/** Brokers, and the partitions and leaders of topics; null asks for all topics. */
export const metadata: Api<{ topics: readonly string[] | null; allowAutoCreation: boolean }, MetadataResponse> = {
  name: 'Metadata',
  key: 3,
  versions: [5, 7],
  encode(writer, { topics, allowAutoCreation }) {
    if (topics === null) writer.int32(-1);
    else writer.array(topics, (topic) => writer.string(topic));
    writer.bool(allowAutoCreation);
  },
  decode(reader, version) {
    reader.int32(); // throttle time: the broker holds back its answers itself
    const brokers = reader.array(() => {
      const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
      reader.nullableString(); // rack
      return broker;
    });
    const clusterId = reader.nullableString();
    const controllerId = reader.int32();
    const topics = reader.array(() => {
      const errorCode = reader.int16();
      const name = reader.string();
      const internal = reader.bool();
      const partitions = reader.array(() => {
        const errorCode = reader.int16();
        const partition = reader.int32();
        const leader = reader.int32();
        if (version >= 7) reader.int32(); // leader epoch
        const replicas = reader.array(() => reader.int32()).length;
        reader.array(() => reader.int32()); // in sync
        reader.array(() => reader.int32()); // offline
        return { errorCode, partition, leader, replicas };
      });
      return { errorCode, name, internal, partitions: partitions.sort((a, b) => a.partition - b.partition) };
    });
    return { brokers, clusterId, controllerId, topics };
  },
};
