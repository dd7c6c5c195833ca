/** Schemas whose targets were written again behind them: they come to lie before those once the log is compacted. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { referenceOrder } from '../../../../src/recovery/repair/reference-order.ts';
import { planNewTopic } from '../../../../src/recovery/restore/plan-new-topic.ts';
import { replay } from '../../../../src/recovery/state/replay.ts';
import { verifySnapshot } from '../../../../src/recovery/verify/verify-snapshot.ts';
import { MemorySnapshot } from '../../../support/recovery/memory-snapshot.ts';
import { asLog, confluent, karapace } from '../../../support/recovery/record-bytes.ts';
import { tempDir } from '../../../support/temp-dir.ts';
import { afterPlan, afterRepair, compacted, plannedRecords, versionsIn } from './planned-log.ts';

const refers = (subject: string, version: number) => [{ name: 'F', subject, version }];
const folder = tempDir('reference-order');

describe.each([
  ['confluent', confluent],
  ['karapace', karapace],
] as const)('what %s wrote before a target that was written again', (name, writer) => {
  const target = writer.schema({ subject: 't', version: 1, id: 1, schema: '{"type":"fixed","name":"F","size":1}' });
  const list = (subject: string, id: number, to: string, version = 1) =>
    writer.schema({ subject, version: 1, id, schema: '{"type":"array","items":"F"}', references: refers(to, version) });
  const log = [target, list('u', 2, 't'), list('w', 3, 'u'), list('l', 4, 't', -1), target];
  const hurt = new MemorySnapshot(asLog(log));
  const all = ['l:1=4', 't:1=1', 'u:1=2', 'w:1=3'];

  async function expectInOrder(mended: MemorySnapshot): Promise<void> {
    for (const each of [mended, compacted(mended)]) {
      const state = await replay(each, 'karapace');
      expect(versionsIn(state)).toEqual(all);
      expect(state.byId('', 2)?.subject).toBe('u');
      expect((await verifySnapshot(each)).map((finding) => finding.name)).not.toContain('reference-before-target');
    }
  }

  it('is lost to Karapace once the log is compacted, and not before', async () => {
    expect(versionsIn(await replay(hurt, 'karapace'))).toEqual(all);
    expect(versionsIn(await replay(compacted(hurt), 'karapace'))).toEqual(['t:1=1']);
  });

  it('is written again behind it, with all that refers to it', async () => {
    const repair = await referenceOrder(hurt);
    expect(repair.writes).toBe(3);
    expect(repair.summary[0]).toContain('lie 2 schemas, as the log is or once it is compacted, written again');
    const mended = await afterRepair(hurt, repair);
    await expectInOrder(mended);
    expect(await plannedRecords((await referenceOrder(mended)).records())).toEqual([]);
  });

  it('is so by a restore into a new topic too', async () => {
    const plan = await planNewTopic({
      ...{ snapshot: hurt, present: { clusterId: 'c', brokers: 1, hasAuthorizer: false, facts: undefined } },
      ...{
        topic: '_schemas',
        groupId: 'schema-registry',
        source: 'a test',
        now: 0,
        path: join(folder, `${name}.plan`),
      },
    });
    await expectInOrder(await afterPlan(plan, []));
  });

  it('stays where its target is soft-deleted: no order brings it back', async () => {
    const deleted = writer.schema({
      ...{ subject: 't', version: 1, id: 1, schema: '{"type":"fixed","name":"F","size":1}' },
      deleted: true,
    });
    const gone = new MemorySnapshot(asLog([target, list('u', 2, 't'), deleted]));
    expect((await referenceOrder(gone)).writes).toBe(0);
  });
});
