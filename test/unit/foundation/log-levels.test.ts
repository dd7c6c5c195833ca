import { describe, expect, it } from 'vitest';
import { LogLevels, leastLevelOf, levelledLogger } from '../../../src/foundation/log-levels.ts';
import { loggerOver, recordingLogger } from '../../../src/foundation/logger.ts';

const parts = [
  { name: 'rest', aliases: ['org.x.rest'] },
  { name: 'task', aliases: ['org.x.WorkerSourceTask'] },
];

function open() {
  let time = 0;
  const levels = new LogLevels({ root: 'INFO', parts, now: () => ++time });
  const { logger: target, lines } = recordingLogger();
  const logger = levelledLogger({
    target,
    levels,
    name: 'worker',
    nameOf: ({ name }, parent) => (typeof name === 'string' ? name : parent),
  });
  return { levels, logger, messages: () => lines.splice(0).map(({ message }) => message) };
}

describe('LogLevels', () => {
  it('shows the root at first, and a name once it was given a level', () => {
    const { levels } = open();
    expect([...levels.list()]).toEqual([['root', { level: 'INFO', lastModified: null }]]);
    expect(levels.get('no.such')).toBeNull();
    expect(levels.set('org.y', 'DEBUG')).toEqual(['org.y']);
    expect(levels.get('org.y')).toEqual({ level: 'DEBUG', lastModified: 1 });
    expect([...levels.list().keys()]).toEqual(['org.y', 'root']);
  });

  it('sets all names that begin with the text, without regard to dots, and tells those that changed', () => {
    const { levels } = open();
    levels.set('org.a.B', 'DEBUG');
    levels.set('org.abc', 'TRACE');
    expect(levels.set('org.a', 'DEBUG')).toEqual(['org.a', 'org.abc']);
    expect(levels.get('org.a.B')).toEqual({ level: 'DEBUG', lastModified: 1 });
    expect(levels.set('root', 'ERROR')).toEqual(['org.a', 'org.a.B', 'org.abc', 'root']);
    expect(levels.set('', 'ERROR')).toEqual([]);
  });

  it('takes no level for a change that was in effect before', () => {
    const { levels } = open();
    expect(levels.set('a.b', 'INFO')).toEqual([]);
    expect(levels.get('a.b')).toEqual({ level: 'INFO', lastModified: null });
    expect(levels.set('x', 'DEBUG')).toEqual(['x']);
    expect(levels.set('x.y', 'DEBUG')).toEqual([]);
    expect(levels.set('x.y', 'INFO')).toEqual(['x.y']);
    expect(levels.set('x', 'TRACE')).toEqual(['x', 'x.y']);
    expect([...levels.list().keys()]).toEqual(['a.b', 'root', 'x', 'x.y']);
  });

  it("knows other programs' names of its parts before they were named, and what is below and above them", () => {
    const { levels } = open();
    const atStart = { level: 'INFO', lastModified: null };
    for (const name of ['org.x.WorkerSourceTask', 'org.x.rest', 'org.x.rest.Server', 'org.x', 'org']) {
      expect(levels.get(name)).toEqual(atStart);
    }
    for (const name of ['org.x.Other', 'org.x.restless', 'or', '']) expect(levels.get(name)).toBeNull();
    levels.set('rest', 'DEBUG');
    expect(levels.get('org.x.rest')).toEqual({ level: 'DEBUG', lastModified: 1 });
    expect(levels.get('org.x.rest.Server')).toEqual({ level: 'DEBUG', lastModified: 1 });
    expect(levels.get('org.x')).toEqual(atStart);
    expect([...levels.list().keys()]).toEqual(['rest', 'root']);
  });

  it('hides what is off', () => {
    const { levels } = open();
    levels.set('a', 'OFF');
    expect([...levels.list().keys()]).toEqual(['root']);
    expect(levels.get('a')?.level).toBe('OFF');
  });
});

describe('levelledLogger', () => {
  it('follows a change in loggers that were made before it, and in their children', () => {
    const { levels, logger, messages } = open();
    const rest = logger.child({ name: 'rest' });
    const below = rest.child({ registry: 'r' });
    rest.debug('no');
    levels.set('rest', 'DEBUG');
    rest.debug('one');
    below.debug('two');
    logger.debug('no');
    levels.set('root', 'WARN');
    rest.info('no');
    logger.warn('three');
    expect(messages()).toEqual(['one', 'two', 'three']);
    expect([rest.isLevelEnabled('info'), rest.isLevelEnabled('warn')]).toEqual([false, true]);
  });

  it.each([
    ['org.x.rest', 'rest'],
    ['org.x.rest.RestServer', 'rest'],
    ['org.x', 'rest'],
    ['org.x.WorkerSourceTask', 'task'],
  ])('sets the part that stands for %s: %s', (name, part) => {
    const { levels, logger, messages } = open();
    const child = logger.child({ name: part });
    expect(levels.set(name, 'TRACE')).toEqual([name]);
    child.trace('seen');
    expect(messages()).toEqual(['seen']);
    expect(levels.set(name, 'OFF')).toEqual([name]);
    child.fatal('not seen');
    expect(messages()).toEqual([]);
  });

  it('has a name with dots follow the one above it', () => {
    const { levels, logger, messages } = open();
    levels.set('rest', 'DEBUG');
    logger.child({ name: 'rest.requests' }).debug('seen');
    logger.child({ name: 'restless' }).debug('not seen');
    expect(messages()).toEqual(['seen']);
  });
});

describe('leastLevelOf', () => {
  it('asks the logger', () => {
    expect(leastLevelOf(loggerOver(() => {}, 'warn'))).toBe('WARN');
    expect(leastLevelOf(loggerOver(() => {}))).toBe('TRACE');
  });
});
