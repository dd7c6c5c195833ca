import type { WireReader, WireWriter } from './wire.ts';

/** One request of Kafka's protocol and its answer, in the versions that are spoken here. */
export interface Api<Request, Response> {
  readonly name: string;
  readonly key: number;
  /** Lowest and highest version that `encode` and `decode` know. */
  readonly versions: readonly [number, number];
  /** All of them have flexible heads and bodies (KIP-482). Not so unless told. */
  readonly flexible?: true;
  encode(writer: WireWriter, request: Request, version: number): void;
  decode(reader: WireReader, version: number): Response;
}

/** The range of versions of each request that a broker speaks, by the number of the request. */
export type ApiVersionRanges = ReadonlyMap<number, { readonly min: number; readonly max: number }>;

/** The highest version that both sides know, or null. */
export function commonVersion(
  api: Pick<Api<never, unknown>, 'key' | 'versions'>,
  ranges: ApiVersionRanges,
): number | null {
  const range = ranges.get(api.key);
  if (range === undefined) return null;
  const version = Math.min(api.versions[1], range.max);
  return version >= api.versions[0] && version >= range.min ? version : null;
}

/** Numbers of requests that are also named where no codec is. */
export const SASL_AUTHENTICATE_KEY = 36;

/** What the broker can do. Asked first on every connection. */
export const apiVersions: Api<null, { readonly errorCode: number; readonly ranges: ApiVersionRanges }> = {
  name: 'ApiVersions',
  key: 18,
  versions: [0, 2],
  encode() {},
  decode(reader) {
    const errorCode = reader.int16();
    const ranges = new Map<number, { min: number; max: number }>();
    reader.array(() => ranges.set(reader.int16(), { min: reader.int16(), max: reader.int16() }));
    return { errorCode, ranges };
  },
};
