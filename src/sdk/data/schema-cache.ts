/** What a converter or transformation derives from a schema (texts, compiled codecs, other schemas), kept by the schema's content. */
import { LruCache } from '../../foundation/lru-cache.ts';
import type { Schema } from './schema.ts';

/**
 * A bounded cache by schema. Connectors that make an equal schema for every record get the same entry; the very schema of the call
 * before costs one comparison.
 */
export class SchemaCache<V> {
  private readonly create: (schema: Schema) => V;
  private readonly byIdentity = new WeakMap<Schema, V>();
  private readonly byContent: LruCache<number, { readonly schema: Schema; readonly value: V }[]>;
  private lastSchema: Schema | undefined;
  private lastValue: V | undefined;

  constructor(options: { readonly maxEntries: number; readonly create: (schema: Schema) => V }) {
    this.create = options.create;
    this.byContent = new LruCache({ maxEntries: Math.max(1, options.maxEntries) });
  }

  /** The entry of a schema, made if there is none. What `create` throws is not kept. */
  get(schema: Schema): V {
    if (schema === this.lastSchema) return this.lastValue as V;
    let value = this.byIdentity.get(schema);
    if (value === undefined) {
      value = this.getByContent(schema);
      this.byIdentity.set(schema, value);
    }
    this.lastSchema = schema;
    this.lastValue = value;
    return value;
  }

  private getByContent(schema: Schema): V {
    const bucket = this.byContent.get(schema.hashCode) ?? [];
    const known = bucket.find((entry) => entry.schema.equals(schema));
    if (known !== undefined) return known.value;
    const value = this.create(schema);
    this.byContent.set(schema.hashCode, [...bucket, { schema, value }]);
    return value;
  }
}
