import type { Api } from './api.ts';

/** Which broker coordinates a group. */
export const findCoordinator: Api<
  { groupId: string },
  { errorCode: number; errorMessage: string | null; nodeId: number; host: string; port: number }
> = {
  name: 'FindCoordinator',
  key: 10,
  versions: [1, 2],
  encode(writer, { groupId }) {
    writer.string(groupId).int8(0);
  },
  decode(reader) {
    reader.int32(); // throttle time
    return {
      errorCode: reader.int16(),
      errorMessage: reader.nullableString(),
      nodeId: reader.int32(),
      host: reader.string(),
      port: reader.int32(),
    };
  },
};

export interface JoinGroupRequest {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly protocolType: string;
  readonly protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[];
}

export interface GroupJoinMember {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly metadata: Buffer;
}

export interface JoinGroupResponse {
  readonly errorCode: number;
  readonly generationId: number;
  readonly protocolName: string;
  readonly leaderId: string;
  readonly memberId: string;
  /** Only the leader is told. */
  readonly members: readonly GroupJoinMember[];
}

/** Asks to become, or to stay, a member; answered when all members have joined or their time is over. */
export const joinGroup: Api<JoinGroupRequest, JoinGroupResponse> = {
  name: 'JoinGroup',
  key: 11,
  versions: [5, 5],
  encode(writer, request) {
    writer.string(request.groupId).int32(request.sessionTimeoutMs).int32(request.rebalanceTimeoutMs);
    writer.string(request.memberId).nullableString(request.groupInstanceId).string(request.protocolType);
    writer.array(request.protocols, ({ name, metadata }) => writer.string(name).bytes(metadata));
  },
  decode(reader) {
    reader.int32(); // throttle time
    return {
      errorCode: reader.int16(),
      generationId: reader.int32(),
      protocolName: reader.string(),
      leaderId: reader.string(),
      memberId: reader.string(),
      members: reader.array(() => ({
        memberId: reader.string(),
        groupInstanceId: reader.nullableString(),
        metadata: reader.bytes(),
      })),
    };
  },
};

interface MemberIdentity {
  readonly groupId: string;
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** Hands out (the leader) and asks for (everybody) assignments. */
export const syncGroup: Api<
  MemberIdentity & { assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[] },
  { errorCode: number; assignment: Buffer }
> = {
  name: 'SyncGroup',
  key: 14,
  versions: [3, 3],
  encode(writer, request) {
    writer.string(request.groupId).int32(request.generationId).string(request.memberId);
    writer.nullableString(request.groupInstanceId);
    writer.array(request.assignments, ({ memberId, assignment }) => writer.string(memberId).bytes(assignment));
  },
  decode(reader) {
    reader.int32(); // throttle time
    return { errorCode: reader.int16(), assignment: reader.bytes() };
  },
};

export const heartbeat: Api<MemberIdentity, { errorCode: number }> = {
  name: 'Heartbeat',
  key: 12,
  versions: [3, 3],
  encode(writer, request) {
    writer.string(request.groupId).int32(request.generationId).string(request.memberId);
    writer.nullableString(request.groupInstanceId);
  },
  decode(reader) {
    reader.int32(); // throttle time
    return { errorCode: reader.int16() };
  },
};

export const leaveGroup: Api<
  { groupId: string; members: readonly { readonly memberId: string; readonly groupInstanceId: string | null }[] },
  { errorCode: number }
> = {
  name: 'LeaveGroup',
  key: 13,
  versions: [3, 3],
  encode(writer, { groupId, members }) {
    writer.string(groupId).array(members, ({ memberId, groupInstanceId }) => {
      writer.string(memberId).nullableString(groupInstanceId);
    });
  },
  decode(reader) {
    reader.int32(); // throttle time
    return { errorCode: reader.int16() };
  },
};

/** A partition of a committed offset, and what the broker said to it. */
export interface OffsetOutcome {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

/** Commits offsets; generation -1 and no member for a group without members. */
export const offsetCommit: Api<
  MemberIdentity & {
    topics: readonly {
      readonly topic: string;
      readonly partitions: readonly { readonly partition: number; readonly offset: number }[];
    }[];
  },
  readonly OffsetOutcome[]
> = {
  name: 'OffsetCommit',
  key: 8,
  versions: [7, 7],
  encode(writer, request) {
    writer.string(request.groupId).int32(request.generationId).string(request.memberId);
    writer.nullableString(request.groupInstanceId);
    writer.array(request.topics, ({ topic, partitions }) => {
      writer.string(topic).array(partitions, ({ partition, offset }) => {
        writer.int32(partition).int64(offset).int32(-1).string('');
      });
    });
  },
  decode(reader) {
    reader.int32(); // throttle time
    const outcomes: OffsetOutcome[] = [];
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => outcomes.push({ topic, partition: reader.int32(), errorCode: reader.int16() }));
    });
    return outcomes;
  },
};

export interface CommittedOffset extends OffsetOutcome {
  /** -1: none. */
  readonly offset: number;
}

/** Committed offsets of some partitions, or of all with null. */
export const offsetFetch: Api<
  { groupId: string; topics: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null },
  { errorCode: number; offsets: readonly CommittedOffset[] }
> = {
  name: 'OffsetFetch',
  key: 9,
  versions: [5, 5],
  encode(writer, { groupId, topics }) {
    writer.string(groupId);
    if (topics === null) writer.int32(-1);
    else {
      writer.array(topics, ({ topic, partitions }) => {
        writer.string(topic).array(partitions, (partition) => writer.int32(partition));
      });
    }
  },
  decode(reader) {
    reader.int32(); // throttle time
    const offsets: CommittedOffset[] = [];
    reader.array(() => {
      const topic = reader.string();
      reader.array(() => {
        const partition = reader.int32();
        const offset = reader.int64();
        reader.int32(); // leader epoch
        reader.nullableString(); // metadata
        offsets.push({ topic, partition, offset, errorCode: reader.int16() });
      });
    });
    return { errorCode: reader.int16(), offsets };
  },
};
