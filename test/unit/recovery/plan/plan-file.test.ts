import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describePlan, printPlan } from '../../../../src/recovery/plan/describe-plan.ts';
import { openPlan } from '../../../../src/recovery/plan/open-plan.ts';
import type { PlanHeader, PlanStep } from '../../../../src/recovery/plan/plan.ts';
import { PlanWriter } from '../../../../src/recovery/plan/plan-writer.ts';
import { tempDir } from '../../../support/temp-dir.ts';

const HEADER: PlanHeader = {
  format: 1,
  kind: 'holdfast-schemas-plan',
  id: 'p1',
  title: 'Restore',
  created: '2026-11-29T00:00:00.000Z',
  source: 'a backup',
  target: { kind: 'topic', clusterId: 'c', topic: '_schemas', groupId: 'schema-registry', endOffset: null },
  maxIds: { '': 7 },
  summary: ['7 records'],
};

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64');

function schemaStep(version: number, schema = '"int"'): PlanStep {
  return {
    do: 'produce',
    topic: '_schemas',
    record: {
      key: base64({ keytype: 'SCHEMA', subject: 'orders', version, magic: 1 }),
      value: base64({ subject: 'orders', version, id: version, schema, deleted: false }),
      headers: [['h', null]],
      timestamp: 5,
    },
  };
}

async function written(steps: readonly PlanStep[]): Promise<string> {
  const path = join(tempDir('plan'), 'deep', 'plan.ndjson');
  const writer = await PlanWriter.create(path, HEADER);
  for (const step of steps) await writer.add(step);
  await writer.finish();
  return path;
}

async function stepsOf(path: string, from = 0): Promise<PlanStep[]> {
  const found: PlanStep[] = [];
  for await (const steps of (await openPlan(path)).read(from)) found.push(...steps);
  return found;
}

describe('a plan file', () => {
  it('gives back its header and steps, from any step on, with lines longer than what is read at once', async () => {
    const steps = [schemaStep(1), schemaStep(2, 'x'.repeat(700_000)), schemaStep(3)];
    const path = await written(steps);
    const plan = await openPlan(path);
    expect(plan.header).toEqual(HEADER);
    expect(plan.steps).toBe(3);
    expect(await stepsOf(path)).toEqual(steps);
    expect(await stepsOf(path, 2)).toEqual(steps.slice(2));
  });

  it('is not there before it was finished, and never written over another file', async () => {
    const path = await written([]);
    await expect(PlanWriter.create(path, HEADER)).rejects.toMatchObject({ code: 'holdfast.recovery.plan-exists' });
    const late = `${path}2`;
    const writer = await PlanWriter.create(late, HEADER);
    await writer.add(schemaStep(1));
    await expect(openPlan(late)).rejects.toMatchObject({ code: 'holdfast.recovery.plan-file' });
    writeFileSync(late, 'of somebody else');
    await expect(writer.finish()).rejects.toMatchObject({ code: 'holdfast.recovery.plan-exists' });
    expect(readFileSync(late, 'utf8')).toBe('of somebody else');
  });

  it('is refused when it was cut off anywhere, altered in any line, or followed by something', async () => {
    const path = await written([schemaStep(1), schemaStep(2)]);
    const whole = readFileSync(path);
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(openPlan(path), `${length} bytes`).rejects.toMatchObject({ code: 'holdfast.recovery.plan-damaged' });
    }
    const text = whole.toString('utf8');
    for (const altered of [text.replace('"timestamp":5', '"timestamp":6'), text.replace('"p1"', '"p2"'), `${text}\n`]) {
      writeFileSync(path, altered);
      await expect(openPlan(path)).rejects.toMatchObject({ code: 'holdfast.recovery.plan-damaged' });
    }
    writeFileSync(path, text.replace('"format":1', '"format":2'));
    await expect(openPlan(path)).rejects.toMatchObject({ code: 'holdfast.recovery.plan-newer' });
    writeFileSync(path, text);
    await expect(openPlan(path)).resolves.toMatchObject({ steps: 2 });
  });

  it('is described with what is made, written, changed and deleted', async () => {
    const path = await written([
      {
        do: 'create-topic',
        topic: '_schemas',
        replicationFactor: 3,
        configs: { 'cleanup.policy': 'compact' },
        acls: [],
      },
      ...Array.from({ length: 30 }, (_, i) => schemaStep(i + 1)),
      { ...(schemaStep(40) as PlanStep & { do: 'produce' }), change: '~' },
      {
        do: 'produce',
        topic: '_schemas',
        record: {
          key: base64({ keytype: 'CONFIG', subject: null, magic: 0 }),
          value: null,
          headers: [],
          timestamp: -1,
        },
      },
    ]);
    const description = await describePlan(await openPlan(path));
    expect(description.changes['+']).toMatchObject({ total: 30, kinds: { schema: 30 } });
    const text = printPlan(description).join('\n');
    expect(text).toContain('create the topic _schemas: 1 partition, replication factor 3, cleanup.policy=compact');
    expect(text).toContain('+ schema orders version 1 (id 1)');
    expect(text).toContain('+ and 10 more');
    expect(text).toContain('~ schema orders version 40 (id 40)');
    expect(text).toContain('- config of the whole registry');
  });

  it('says of a soft delete of a subject that goes no version, as it has none', async () => {
    const record = {
      key: base64({ keytype: 'DELETE_SUBJECT', subject: 'orders', magic: 0 }),
      ...{ value: null, headers: [], timestamp: 5 },
    };
    const value = base64({ subject: 'orders', version: 3 });
    const path = await written(
      [record, { ...record, value }].map((each) => ({ do: 'produce', topic: 't', record: each })),
    );
    const text = printPlan(await describePlan(await openPlan(path))).join('\n');
    expect(text).toMatch(/soft-delete of subject orders$/m);
    expect(text).toMatch(/soft-delete of subject orders up to version 3$/m);
  });
});
