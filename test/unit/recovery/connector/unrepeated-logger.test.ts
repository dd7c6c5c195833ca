import { expect, it } from 'vitest';
import { recordingLogger } from '../../../../src/foundation/logger.ts';
import { unrepeatedLogger } from '../../../../src/recovery/connector/unrepeated-logger.ts';

it('writes a warning once until things went well, from children too, and everything else each time', () => {
  const { logger, lines } = recordingLogger('info');
  const { logger: quiet, wentWell } = unrepeatedLogger(logger);
  for (const reason of ['refused', 'refused', 'timed out']) quiet.child({ name: 'broker' }).warn('Away', { reason });
  quiet.warn('Away', { reason: 'refused' });
  for (let n = 0; n < 2; n++) quiet.info('There');
  wentWell();
  quiet.warn('Away', { reason: 'refused' });
  expect(lines.map(({ message, fields }) => [message, fields['reason'] ?? null])).toEqual([
    ['Away', 'refused'],
    ['Away', 'timed out'],
    ['There', null],
    ['There', null],
    ['Away', 'refused'],
  ]);
});
