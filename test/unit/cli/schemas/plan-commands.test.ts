import { expect, it } from 'vitest';
import { planCommands } from '../../../../src/cli/schemas/plan-commands.ts';
import type { Plan } from '../../../../src/recovery/plan/open-plan.ts';
import { RecordedSession } from '../../../support/recovery/recorded-session.ts';

it("repeats nothing of a registry's credentials, also of a password with an @ in it", () => {
  const registry = 'http://me:top@secret@one:8081, https://two:8081/base/,me:a@b@c@three:8081/';
  const session = new RecordedSession({ options: { registry } });
  const header = { target: { kind: 'registry', nodes: ['http://one:8081'] } };
  const plan = { path: '/plans/plan.ndjson', header } as unknown as Plan;
  const { run } = planCommands(session, plan, { undo: undefined, wait: undefined });
  const nodes = '--registry http://one:8081,https://two:8081/base,http://three:8081';
  expect(run).toBe(`holdfast schemas apply /plans/plan.ndjson --yes ${nodes}`);
  const topic = { ...plan, header: { target: { kind: 'topic' } } } as unknown as Plan;
  const waiting = planCommands(session, topic, { undo: undefined, wait: { ms: 1, text: '1s' } });
  expect(waiting.run).toMatch(new RegExp(`${nodes} --wait 1s$`));
});
