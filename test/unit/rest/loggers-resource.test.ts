import { describe, expect, it } from 'vitest';
import { LogLevels } from '../../../src/foundation/log-levels.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { loggersResources } from '../../../src/rest/loggers-resource.ts';
import { RestSite } from '../../../src/rest/rest-site.ts';

const WORKER_SOURCE_TASK = 'org.apache.kafka.connect.runtime.WorkerSourceTask';

function open() {
  const levels = new LogLevels({ root: 'INFO', now: () => 7 });
  const resources = loggersResources({ levels });
  const site = new RestSite({ resources, clock: new ManualClock(), logger: silentLogger, stage: () => '' });
  return async (method: 'GET' | 'PUT', url: string, body?: unknown) => {
    const headers = { 'content-type': 'application/json' };
    const payload = body === undefined ? '' : JSON.stringify(body);
    const answer = await site.inject({ method, url, ...(method === 'PUT' ? { headers, payload } : {}) });
    return [answer.status, answer.body] as const;
  };
}

describe('/admin/loggers', () => {
  it('reads a level with blanks around it, and none at all, as Kafka Connect does', async () => {
    const ask = open();
    expect(await ask('PUT', '/admin/loggers/a', { level: ' debug ' })).toEqual([200, '["a"]']);
    expect(await ask('PUT', '/admin/loggers/a', { level: '' })).toEqual([
      500,
      '{"error_code":500,"message":"Illegal null or empty Level name."}',
    ]);
    expect((await ask('PUT', '/admin/loggers/a', { level: ' ' }))[0]).toBe(404);
  });

  // As a Kafka Connect 4.1.1 answered the same requests in the same order.
  it('answers a round of requests as Kafka Connect does', async () => {
    const ask = open();
    const error = (status: number, message: string) => [status, JSON.stringify({ error_code: status, message })];
    expect(await ask('GET', '/admin/loggers')).toEqual([200, '{"root":{"level":"INFO","last_modified":null}}']);
    expect(await ask('GET', '/admin/loggers/root')).toEqual([200, '{"level":"INFO","last_modified":null}']);
    expect(await ask('GET', '/admin/loggers/no.such.logger')).toEqual(error(404, 'Logger no.such.logger not found.'));
    expect(await ask('PUT', `/admin/loggers/${WORKER_SOURCE_TASK}`, { level: 'DEBUG' })).toEqual([
      200,
      `["${WORKER_SOURCE_TASK}"]`,
    ]);
    expect(await ask('GET', `/admin/loggers/${WORKER_SOURCE_TASK}`)).toEqual([
      200,
      '{"level":"DEBUG","last_modified":7}',
    ]);
    expect(await ask('PUT', '/admin/loggers/org.apache.kafka.connect.file', { level: 'trace' })).toEqual([
      200,
      '["org.apache.kafka.connect.file"]',
    ]);
    expect(await ask('PUT', '/admin/loggers/root', { level: 'LOUD' })).toEqual(error(404, "invalid log level 'LOUD'."));
    expect(await ask('PUT', '/admin/loggers/root', {})).toEqual(
      error(400, "Desired 'level' parameter was not specified in request."),
    );
    expect(await ask('PUT', '/admin/loggers/org.apache.kafka.connect?scope=cluster', { level: 'WARN' })).toEqual([
      204,
      '',
    ]);
    expect(await ask('PUT', '/admin/loggers/org.reflections?scope=galaxy', { level: 'ERROR' })).toEqual([
      200,
      '["org.reflections"]',
    ]);
    expect((await ask('PUT', '/admin/loggers/root'))[0]).toBe(500);
    const all = JSON.parse((await ask('GET', '/admin/loggers'))[1]) as Record<string, { level: string }>;
    expect(Object.entries(all).map(([name, { level }]) => [name, level])).toEqual([
      ['org.apache.kafka.connect', 'WARN'],
      ['org.apache.kafka.connect.file', 'WARN'],
      [WORKER_SOURCE_TASK, 'WARN'],
      ['org.reflections', 'ERROR'],
      ['root', 'INFO'],
    ]);
  });
});
