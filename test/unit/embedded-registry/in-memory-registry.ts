import { RegistryCore, type RegistryCoreOptions } from '../../../src/embedded-registry/registry-core.ts';
import { decodeRecord, encodeRecord } from '../../../src/embedded-registry/registry-record.ts';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly body: any;
}

/** A core that writes to itself, each record over its bytes. */
export class InMemoryRegistry {
  readonly core: RegistryCore;
  readonly log: { readonly key: Uint8Array; readonly value: Uint8Array | null }[] = [];

  constructor(options: Partial<RegistryCoreOptions> = {}) {
    this.core = new RegistryCore({ kafkaClusterId: 'kafka-1', ...options });
  }

  request(method: string, path: string, body?: unknown, contentType = 'application/json'): Answer {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const request = { method, path, contentType, ...(text === undefined ? {} : { body: text }) };
    const evaluation = this.core.evaluate(request, 'primary');
    if (evaluation.kind === 'write') for (const record of evaluation.records) this.apply(encodeRecord(record));
    if (evaluation.kind === 'forward' || evaluation.kind === 'node') throw new Error(evaluation.kind);
    return evaluation.answer;
  }

  apply({ key, value }: { readonly key: Uint8Array; readonly value: Uint8Array | null }): void {
    this.log.push({ key, value });
    const decoded = decodeRecord(key, value, this.core.profile);
    if (decoded.kind === 'record') this.core.apply(decoded.record);
  }

  get = (path: string): Answer => this.request('GET', path);
  post = (path: string, body: unknown): Answer => this.request('POST', path, body);
  put = (path: string, body: unknown): Answer => this.request('PUT', path, body);
  delete = (path: string): Answer => this.request('DELETE', path);

  /** Registers an Avro schema under the subject; its id. */
  register(subject: string, schema: unknown, more: object = {}): number {
    const answer = this.post(`/subjects/${encodeURIComponent(subject)}/versions`, {
      schema: JSON.stringify(schema),
      ...more,
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.id;
  }
}
