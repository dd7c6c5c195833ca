import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openPlan } from '../../../../src/recovery/plan/open-plan.ts';
import type { PlanHeader } from '../../../../src/recovery/plan/plan.ts';
import { PlanWriter } from '../../../../src/recovery/plan/plan-writer.ts';
import { tempDir } from '../../../support/temp-dir.ts';

vi.mock('node:fs/promises', async (original) => ({
  ...(await original<typeof import('node:fs/promises')>()),
  link: () => Promise.reject(Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' })),
}));

const HEADER: PlanHeader = {
  ...{
    format: 1,
    kind: 'holdfast-schemas-plan',
    id: 'p',
    title: 't',
    created: '',
    source: 's',
    maxIds: {},
    summary: [],
  },
  target: { kind: 'topic', clusterId: null, topic: '_schemas', groupId: 'g', endOffset: 0 },
};

it('writes plans where the file system has no links, and still none over another file', async () => {
  const path = join(tempDir('no-links'), 'plan.ndjson');
  const [first, second] = [await PlanWriter.create(path, HEADER), await PlanWriter.create(path, HEADER)];
  await first.finish();
  await expect(second.finish()).rejects.toMatchObject({ code: 'holdfast.recovery.plan-exists' });
  await second.discard();
  await expect(openPlan(path)).resolves.toMatchObject({ steps: 0 });
  expect(await readdir(dirname(path))).toEqual(['plan.ndjson']);
});
