export function record(name: string, ...fields: readonly unknown[]): object {
  return { type: 'record', name, fields };
}

export function field(name: string, type: unknown, more: object = {}): object {
  return { name, type, ...more };
}
