import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/foundation/deferred.ts';
import { recordingLogger, silentLogger } from '../../../src/foundation/logger.ts';

describe('loggers', () => {
  it('add the bindings of every ancestor, the nearest winning', () => {
    const { logger, lines } = recordingLogger();
    logger.child({ connector: 'c', task: 0 }).child({ task: 1 }).warn('Task parked.', { since: 5 });
    expect(lines).toEqual([{ level: 'warn', message: 'Task parked.', fields: { connector: 'c', task: 1, since: 5 } }]);
  });

  it('drop lines below their level, in children too', () => {
    const { logger, lines } = recordingLogger('warn');
    logger.child({}).info('x');
    logger.error('y');
    expect(lines.map((line) => line.message)).toEqual(['y']);
    expect([logger.isLevelEnabled('info'), logger.isLevelEnabled('fatal')]).toEqual([false, true]);
    expect(silentLogger.child({}).isLevelEnabled('fatal')).toBe(false);
  });
});

describe('Deferred', () => {
  it('settles once', async () => {
    const deferred = new Deferred<number>();
    expect(deferred.settled).toBe(false);
    deferred.resolve(1);
    deferred.reject(new Error('too late'));
    expect(deferred.settled).toBe(true);
    await expect(deferred.promise).resolves.toBe(1);
  });
});
