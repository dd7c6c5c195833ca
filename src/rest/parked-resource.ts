/** `/connectors/{connector}/tasks/{task}/parked`: what an operator can do for a task that waits. Additive to Kafka Connect's API. */
import type { Herder, ParkedRecord } from '../runtime/herder/herder.ts';
import { NOT_SKIPPABLE } from '../runtime/sink/skipped-record.ts';
import { ConnectError } from '../sdk/errors/connect-error.ts';
import { taskIdOf } from './connectors-resource.ts';
import type { RestRequest, RestResource, RestResponse } from './resource.ts';
import { RestError } from './rest-error.ts';

export function parkedResources(options: { readonly herder: Herder }): readonly RestResource[] {
  const skip = async (request: RestRequest): Promise<RestResponse> => {
    const id = taskIdOf(request);
    const record = recordOf(request.body);
    try {
      await options.herder.skipParkedRecord(id, record);
    } catch (error) {
      if (error instanceof ConnectError && error.code === NOT_SKIPPABLE) {
        throw new RestError(409, error.message, { cause: error });
      }
      throw error;
    }
    return { status: 204 };
  };
  return [{ path: '/connectors/:connector/tasks/:task/parked/skip', unreadableBody: 400, methods: { POST: skip } }];
}

/** @throws RestError 400 naming the field that is missing or wrong. */
function recordOf(body: unknown): ParkedRecord {
  const fields: Readonly<Record<string, unknown>> = typeof body === 'object' && body !== null ? { ...body } : {};
  const { topic, partition, offset } = fields;
  if (typeof topic !== 'string' || topic === '') throw wrong('topic', 'a topic name');
  if (!isWhole(partition)) throw wrong('partition', 'a whole number of at least 0');
  if (!isWhole(offset)) throw wrong('offset', 'a whole number of at least 0');
  return { topic, partition, offset };
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function wrong(field: string, what: string): RestError {
  return new RestError(400, `The request must be {"topic", "partition", "offset"}; "${field}" must be ${what}.`);
}
