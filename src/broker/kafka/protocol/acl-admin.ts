import type { TopicAcl } from '../../topic-details.ts';
import type { Api } from './api.ts';

const TOPIC = 2;
const ANY = 1;
/** Patterns of a filter: whatever holds for the name. */
const MATCH = 2;
const PATTERNS = { LITERAL: 3, PREFIXED: 4 } as const;
const DENY = 2;
const ALLOW = 3;
/** By number; the first two are of filters. */
const OPERATIONS = [
  'UNKNOWN',
  'ANY',
  'ALL',
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
  'CREATE_TOKENS',
  'DESCRIBE_TOKENS',
  'TWO_PHASE_COMMIT',
];

/** Whether Kafka's protocol has a number for the operation. */
export function isAclOperation(name: string): boolean {
  return OPERATIONS.indexOf(name) > ANY;
}

/** The ACLs that hold for a topic. */
export const describeAcls: Api<
  { topic: string },
  { readonly errorCode: number; readonly errorMessage: string | null; readonly acls: readonly TopicAcl[] }
> = {
  name: 'DescribeAcls',
  key: 29,
  versions: [1, 1],
  encode(writer, { topic }) {
    writer.int8(TOPIC).nullableString(topic).int8(MATCH);
    writer.nullableString(null).nullableString(null).int8(ANY).int8(ANY);
  },
  decode(reader) {
    reader.int32(); // throttle time
    const errorCode = reader.int16();
    const errorMessage = reader.nullableString();
    const acls: TopicAcl[] = [];
    reader.array(() => {
      reader.int8(); // type
      const resource = reader.string();
      const pattern = reader.int8() === PATTERNS.PREFIXED ? 'PREFIXED' : 'LITERAL';
      reader.array(() => {
        const principal = reader.string();
        const host = reader.string();
        const operation = reader.int8();
        const permission = reader.int8() === DENY ? 'DENY' : 'ALLOW';
        acls.push({
          principal,
          host,
          operation: OPERATIONS[operation] ?? `OPERATION_${operation}`,
          permission,
          pattern,
          resource,
        });
      });
    });
    return { errorCode, errorMessage, acls };
  },
};

/** Parallel to the ACLs; see {@link isAclOperation}. */
export const createAcls: Api<
  { acls: readonly TopicAcl[] },
  readonly { readonly errorCode: number; readonly errorMessage: string | null }[]
> = {
  name: 'CreateAcls',
  key: 30,
  versions: [1, 1],
  encode(writer, { acls }) {
    writer.array(acls, ({ principal, host, operation, permission, pattern, resource }) => {
      writer.int8(TOPIC).string(resource).int8(PATTERNS[pattern]).string(principal).string(host);
      writer.int8(OPERATIONS.indexOf(operation)).int8(permission === 'DENY' ? DENY : ALLOW);
    });
  },
  decode(reader) {
    reader.int32(); // throttle time
    return reader.array(() => ({ errorCode: reader.int16(), errorMessage: reader.nullableString() }));
  },
};
