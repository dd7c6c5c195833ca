import { Agent, request } from 'undici';

export interface HttpAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects
  readonly body: any;
}

/** Requests to one node, each on a connection of its own; an error of the connection comes back as status 0 with its code. */
export class RegistryHttp {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get = (path: string): Promise<HttpAnswer> => this.request('GET', path);
  post = (path: string, body: unknown): Promise<HttpAnswer> => this.request('POST', path, body);
  put = (path: string, body: unknown): Promise<HttpAnswer> => this.request('PUT', path, body);
  delete = (path: string): Promise<HttpAnswer> => this.request('DELETE', path);

  async request(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<HttpAnswer> {
    const dispatcher = new Agent({ pipelining: 0 });
    try {
      const response = await request(this.url + path, {
        method,
        dispatcher,
        headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.body.text();
      const isJson = String(response.headers['content-type']).includes('json');
      return { status: response.statusCode, body: isJson ? JSON.parse(text) : text };
    } catch (error) {
      return { status: 0, body: (error as NodeJS.ErrnoException).code };
    } finally {
      await dispatcher.close();
    }
  }
}
