import type { Api } from './api.ts';
import type { OffsetOutcome } from './group.ts';

export interface DescribedGroup {
  readonly errorCode: number;
  readonly groupId: string;
  readonly state: string;
  readonly protocolType: string;
  readonly protocol: string;
  readonly members: readonly {
    readonly memberId: string;
    readonly clientId: string;
    readonly clientHost: string;
    readonly metadata: Buffer;
    readonly assignment: Buffer;
  }[];
}

export const describeGroups: Api<{ groupIds: readonly string[] }, readonly DescribedGroup[]> = {
  name: 'DescribeGroups',
  key: 15,
  versions: [0, 4],
  encode(writer, { groupIds }, version) {
    writer.array(groupIds, (groupId) => writer.string(groupId));
    if (version >= 3) writer.bool(false);
  },
  decode(reader, version) {
    if (version >= 1) reader.int32(); // throttle time
    return reader.array(() => {
      const group = {
        errorCode: reader.int16(),
        groupId: reader.string(),
        state: reader.string(),
        protocolType: reader.string(),
        protocol: reader.string(),
        members: reader.array(() => {
          const memberId = reader.string();
          if (version >= 4) reader.nullableString(); // group instance id
          return {
            memberId,
            clientId: reader.string(),
            clientHost: reader.string(),
            metadata: reader.bytes(),
            assignment: reader.bytes(),
          };
        }),
      };
      if (version >= 3) reader.int32(); // authorized operations
      return group;
    });
  },
};

/** A broker tells those that it coordinates. */
export const listGroups: Api<
  Record<never, never>,
  {
    readonly errorCode: number;
    readonly groups: readonly { readonly groupId: string; readonly protocolType: string }[];
  }
> = {
  name: 'ListGroups',
  key: 16,
  versions: [0, 2],
  encode() {},
  decode(reader, version) {
    if (version >= 1) reader.int32(); // throttle time
    const errorCode = reader.int16();
    return { errorCode, groups: reader.array(() => ({ groupId: reader.string(), protocolType: reader.string() })) };
  },
};

export const deleteGroups: Api<
  { groupIds: readonly string[] },
  readonly { readonly groupId: string; readonly errorCode: number }[]
> = {
  name: 'DeleteGroups',
  key: 42,
  versions: [0, 1],
  encode(writer, { groupIds }) {
    writer.array(groupIds, (groupId) => writer.string(groupId));
  },
  decode(reader) {
    reader.int32(); // throttle time
    return reader.array(() => ({ groupId: reader.string(), errorCode: reader.int16() }));
  },
};

/** Deletes committed offsets (KIP-496). */
export const offsetDelete: Api<
  { groupId: string; topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] },
  { errorCode: number; outcomes: readonly OffsetOutcome[] }
> = {
  name: 'OffsetDelete',
  key: 47,
  versions: [0, 0],
  encode(writer, { groupId, topics }) {
    writer.string(groupId).array(topics, ({ topic, partitions }) => {
      writer.string(topic).array(partitions, (partition) => writer.int32(partition));
    });
  },
  decode(reader) {
    const errorCode = reader.int16();
    reader.int32(); // throttle time
    const outcomes: OffsetOutcome[] = [];
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => outcomes.push({ topic, partition: reader.int32(), errorCode: reader.int16() }));
    });
    return { errorCode, outcomes };
  },
};
