/** `GET /holdfast/openapi.json`: additive, where Kafka Connect has nothing; its own `/openapi.json` is a 404 and stays one. */
import { ok, type RestResource } from '../resource.ts';
import { openApiDocument } from './openapi-document.ts';

/** @param options.resources all others that are served beside it */
export function openApiResources(options: {
  readonly resources: readonly RestResource[];
  readonly version: string;
}): readonly RestResource[] {
  const own: RestResource = {
    path: '/holdfast/openapi.json',
    methods: { GET: async () => ok(document) },
  };
  const document = openApiDocument({ ...options, resources: [...options.resources, own] });
  return [own];
}
