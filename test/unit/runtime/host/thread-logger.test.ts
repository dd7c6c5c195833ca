import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import {
  createThreadLogger,
  levelOf,
  ThreadLogLevels,
  writeWireLine,
} from '../../../../src/runtime/host/thread-logger.ts';
import type { ThreadNotice } from '../../../../src/runtime/host/thread-messages.ts';
import { Password } from '../../../../src/sdk/config/index.ts';
import { ConfigError } from '../../../../src/sdk/errors/index.ts';

function thread(root: 'info' | 'debug' = 'info') {
  const sent: ThreadNotice[] = [];
  const post = (notice: ThreadNotice): void => void sent.push(structuredClone(notice));
  const levels = new ThreadLogLevels({ post, root });
  return { sent, levels, logger: createThreadLogger({ post, levels }) };
}

function lines(sent: readonly ThreadNotice[]) {
  const { logger, lines } = recordingLogger();
  for (const notice of sent) if (notice.type === 'host.log') writeWireLine(logger, notice.line);
  return lines;
}

describe('the logger of a thread', () => {
  it('sends what its level lets through, with what children are bound to and errors whole', () => {
    const { logger, sent } = thread();
    logger.debug('not seen');
    logger.child({ connector: 'c', task: 1 }).error('It failed.', { err: new ConfigError('wrong'), n: 3n });
    expect(lines(sent)).toMatchObject([
      { level: 'error', message: 'It failed.', fields: { connector: 'c', task: 1, n: 3n } },
    ]);
    expect(lines(sent)[0]?.fields['err']).toBeInstanceOf(ConfigError);
  });

  it('asks for the level of a name once, and obeys it', () => {
    const { logger, sent, levels } = thread();
    const named = logger.child({ name: 'org.example' });
    expect(named.isLevelEnabled('debug')).toBe(false);
    expect(named.isLevelEnabled('debug')).toBe(false);
    expect(sent).toEqual([{ type: 'host.logger', name: 'org.example' }]);
    levels.set('org.example', 'debug');
    named.debug('seen');
    levels.set('org.example', 'off');
    named.fatal('not seen');
    expect(lines(sent).map(({ message }) => message)).toEqual(['seen']);
  });

  it('hides passwords wherever they are, and takes any value', () => {
    const { logger, sent } = thread();
    const password = new Password('s3cret');
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    const trap = new Proxy(
      {},
      {
        get() {
          throw new Error('a trap');
        },
      },
    );
    logger.info('Values.', {
      password,
      deep: { list: [password] },
      err: password,
      loop,
      trap,
      run: () => 1,
      sym: Symbol('x'),
    });
    logger.info('An error.', { err: null });
    expect(lines(sent)).toHaveLength(2);
    expect(JSON.stringify(sent)).not.toContain('s3cret');
  });

  it('knows the least level of a logger', () => {
    expect(levelOf(recordingLogger('warn').logger)).toBe('warn');
  });
});
