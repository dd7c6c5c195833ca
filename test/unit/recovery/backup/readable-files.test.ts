import { describe, expect, it } from 'vitest';
import { folderName } from '../../../../src/recovery/backup/readable-files.ts';

describe('the folder of a subject', () => {
  it('differs for different subjects, and is a name everywhere', () => {
    const subjects = [
      'a',
      'A/b',
      'A%2Fb',
      '.',
      '..',
      '.a',
      '',
      'x'.repeat(300),
      `${'x'.repeat(300)}y`,
      'a~b',
      '*',
      'é:*?"<>|',
      ...[
        '\uD83D',
        '\uDE00',
        '\uD83D\uDE00',
        '%uD83D',
        '\uFFFD',
        `${'x'.repeat(300)}\uD83D`,
        `${'x'.repeat(300)}\uDE00`,
      ],
      ...['CON.', 'CON', 'con', 'nul.avsc', 'Com1', 'console', 'a.', '%43ON'],
    ];
    const names = subjects.map(folderName);
    expect(new Set(names).size).toBe(subjects.length);
    for (const name of names) {
      expect(name).toMatch(/^[A-Za-z0-9_%~-][A-Za-z0-9_.%~-]{0,199}$/);
      // What Windows does not take.
      expect(name).not.toMatch(/\.$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i);
    }
  });
});
