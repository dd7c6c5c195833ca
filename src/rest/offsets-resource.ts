/** `/connectors/{connector}/offsets`. Kafka Connect 4.1.1 (KIP-875). */
import { exactJson } from '../foundation/exact-json.ts';
import type { ConnectorOffset, Herder } from '../runtime/herder/herder.ts';
import { objectOf, refuseUnknownFields } from './request-body.ts';
import { ok, param, type RestRequest, type RestResource, type RestResponse } from './resource.ts';
import { RestError } from './rest-error.ts';

export function offsetsResources({ herder }: { readonly herder: Herder }): readonly RestResource[] {
  const get = async (request: RestRequest): Promise<RestResponse> => {
    const offsets = await herder.connectorOffsets(param(request, 'connector'));
    // Integers beyond 2^53 are bigint, which JSON.stringify doesn't take.
    return { status: 200, text: { type: 'application/json', body: exactJson({ offsets }) } };
  };

  const patch = async (request: RestRequest): Promise<RestResponse> => {
    const offsets = offsetsOf(request.body);
    return done('altered', await herder.alterConnectorOffsets(param(request, 'connector'), offsets));
  };

  const reset = async (request: RestRequest): Promise<RestResponse> =>
    done('reset', await herder.alterConnectorOffsets(param(request, 'connector'), null));

  return [{ path: '/connectors/:connector/offsets', methods: { GET: get, PATCH: patch, DELETE: reset } }];
}

/** `isAll`: the connector altered what it keeps itself, too. */
function done(what: 'altered' | 'reset', isAll: boolean): RestResponse {
  return ok({
    message: isAll
      ? `The offsets for this connector have been ${what} successfully`
      : `The Connect framework-managed offsets for this connector have been ${what} successfully. However, if this connector manages offsets externally, they will need to be manually ${what} in the system that the connector uses.`,
  });
}

/** @throws RestError 500 for another shape, as Jackson's reader would; 400 for none */
function offsetsOf(body: unknown): readonly ConnectorOffset[] {
  const request = objectOf(body, 'the request');
  refuseUnknownFields(request, ['offsets']);
  const offsets = request['offsets'] ?? [];
  if (!Array.isArray(offsets)) {
    throw new RestError(500, 'Cannot deserialize offsets: it must be a JSON array.');
  }
  if (offsets.length === 0) {
    throw new RestError(400, 'Partitions / offsets need to be provided for an alter offsets request');
  }
  return offsets.map((each, index) => {
    const entry = objectOf(each, `offsets[${index}]`);
    refuseUnknownFields(entry, ['partition', 'offset']);
    return {
      partition: mapOf(entry['partition'], `offsets[${index}].partition`),
      offset: mapOf(entry['offset'], `offsets[${index}].offset`),
    };
  });
}

function mapOf(value: unknown, what: string): ConnectorOffset['partition'] {
  return value === undefined || value === null ? null : (objectOf(value, what) as ConnectorOffset['partition']);
}
