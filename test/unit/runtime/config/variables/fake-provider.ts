import type { ConfigData, ConfigProvider } from '../../../../../src/sdk/config-provider.ts';

/** A provider whose values a test changes. Values by path and key. */
export class FakeProvider implements ConfigProvider {
  readonly asked: { readonly path: string; readonly keys: readonly string[] }[] = [];
  readonly subscriptions = new Map<string, () => void>();
  values: Record<string, Record<string, string>> = {};
  ttlMs: number | undefined;
  failure: Error | null = null;

  get(path: string, keys: readonly string[] | undefined): ConfigData {
    this.asked.push({ path, keys: [...(keys ?? [])] });
    if (this.failure !== null) throw this.failure;
    const data = this.values[path] ?? {};
    return this.ttlMs === undefined ? { data } : { data, ttlMs: this.ttlMs };
  }

  subscribe(path: string, _keys: readonly string[], onChange: () => void): void {
    if (this.subscriptions.has(path)) throw new Error(`${path} is subscribed already`);
    this.subscriptions.set(path, onChange);
  }

  unsubscribe(path: string): void {
    this.subscriptions.delete(path);
  }
}
