import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../../../src/cli/schemas/shell-word.ts';

describe('a word of a command that is shown', () => {
  it('is what it was once a shell has read it', () => {
    const words = [
      '/a/plan.ndjson',
      'embedded:/my data',
      "it's",
      '$HOME `id` "x" \\',
      '~/plan',
      '*',
      '',
      'a=b,c',
      '-1;ls',
    ];
    const script = `printf '%s\\n' ${words.map(shellWord).join(' ')}`;
    expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(`${words.join('\n')}\n`);
    expect(shellWord('localhost:9092')).toBe('localhost:9092');
  });
});
