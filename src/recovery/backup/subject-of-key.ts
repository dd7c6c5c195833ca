/** @returns the subject that the key of a SCHEMA record names, whatever the order of its fields; undefined for all others */
export function subjectOfKey(key: Uint8Array | null): string | undefined {
  if (key === null) return undefined;
  try {
    const { keytype, subject } = JSON.parse(Buffer.from(key).toString('utf8')) as Record<string, unknown>;
    return keytype === 'SCHEMA' && typeof subject === 'string' ? subject : undefined;
  } catch {
    return undefined;
  }
}
