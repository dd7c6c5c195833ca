import type { Api } from './api.ts';

export interface IdentifiedTopic {
  readonly errorCode: number;
  readonly name: string;
  /** As Kafka's tools print it. */
  readonly id: string | null;
  readonly partitions: readonly { readonly partition: number; readonly replicas: number }[];
}

const NO_ID = Buffer.alloc(16);

/** Topics with their ids and replicas (KIP-516; Kafka 2.8 and later); the versions of `metadata` have no ids. */
export const topicMetadata: Api<{ topics: readonly string[] }, readonly IdentifiedTopic[]> = {
  name: 'Metadata',
  key: 3,
  versions: [10, 12],
  flexible: true,
  encode(writer, { topics }, version) {
    writer.compactArray(topics, (topic) => {
      writer.int64(0).int64(0).compactString(topic).tags();
    });
    writer.bool(false); // creates none
    if (version <= 10) writer.bool(false); // authorized operations of the cluster
    writer.bool(false).tags(); // and of topics
  },
  decode(reader) {
    reader.int32(); // throttle time
    reader.compactArray(() => {
      reader.int32(); // node
      reader.nullableCompactString(); // host
      reader.int32(); // port
      reader.nullableCompactString(); // rack
      reader.tags();
    });
    reader.nullableCompactString(); // cluster id
    reader.int32(); // controller
    return reader.compactArray(() => {
      const errorCode = reader.int16();
      const name = reader.nullableCompactString() ?? '';
      const id = reader.uuid();
      reader.bool(); // internal
      const partitions = reader.compactArray(() => {
        reader.int16(); // error
        const partition = reader.int32();
        reader.int32(); // leader
        reader.int32(); // leader epoch
        const replicas = reader.compactArray(() => reader.int32()).length;
        reader.compactArray(() => reader.int32()); // in sync
        reader.compactArray(() => reader.int32()); // offline
        reader.tags();
        return { partition, replicas };
      });
      reader.int32(); // authorized operations
      reader.tags();
      return { errorCode, name, id: id.equals(NO_ID) ? null : id.toString('base64url'), partitions };
    });
  },
};
