/**
 * The scenarios of trouble at a registry, each as a test named by what it promises, against the scripted registry: it answers with the status,
 * body and delay that were measured at Karapace 6.2.0, or as the sources of Confluent's registry say. Numbers as in docs/chaos.md.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { errorAnswer, type RegistryTimeline, registryTimelines as timelines } from '../../src/testing/index.ts';
import { range, sequenceSchema } from '../support/avro-pipelines.ts';
import { STRAY_ANSWERS } from '../support/http-fault-proxy.ts';
import { eventually } from '../support/worker-process.ts';
import { operateWhileParked } from './operators-while-parked.ts';
import { playScenario, type ScriptedScenario, schemasIn } from './scripted-scenario.ts';

const FORWARDING_FAILED = errorAnswer(500, 50003, 'Error while forwarding the request to the master.', 5);

function lengthOf({ steps }: RegistryTimeline): number {
  return Math.max(10_000, ...steps.map((step) => ('untilMs' in step ? step.untilMs : step.atMs)));
}

/** A timeline as it was measured, or read in the sources. */
function replayed(name: string, timeline: RegistryTimeline, more: Partial<ScriptedScenario> = {}): ScriptedScenario {
  return {
    name,
    registry: { nodes: 2, vendor: timeline.vendor },
    lastsMs: lengthOf(timeline),
    trouble: async ({ registry }) => {
      await registry.play(timeline).done;
      if (timeline.writableAtMs === null) await registry.setPrimary(0);
      // The timelines of a kill end with the survivor alone.
      await registry.node(0).start();
    },
    ...more,
  };
}

const scenarios: readonly ScriptedScenario[] = [
  replayed('1 kill -9 of the primary parks new schemas only, and loses nothing (Karapace)', timelines.karapaceKill9),
  replayed('1 kill -9 of the primary parks new schemas only, and loses nothing (Confluent)', timelines.confluentKill9),
  replayed('2 SIGTERM to the primary is ridden out as kill -9 is', timelines.karapaceSigterm),
  replayed('3 a primary that hangs and takes its role back costs two waits and no record', timelines.karapaceSigstop),
  replayed('4 a primary that hangs for less than its session is waited for', timelines.karapaceShortSigstop),
  replayed('5 a node with a lower URL that takes the role breaks nothing', timelines.karapaceLowerUrlJoins, {
    registry: { nodes: 2, vendor: 'karapace', primary: 1 },
    before: ({ registry }) => registry.node(0).stop(),
    trouble: ({ registry }) => registry.play(timelines.karapaceLowerUrlJoins, { hurt: 0 }).done,
  }),
  replayed('6 ids that a zombie denies while it replays reach no dead letter queue', timelines.karapaceZombie),
  replayed("7 the registry's Kafka away for 10 s, longer than a session", timelines.karapaceBrokerDown),
  {
    name: "7 the registry's Kafka away for 4 s, shorter than a session",
    registry: { nodes: 2, vendor: 'karapace' },
    lastsMs: 10_000,
    trouble: async ({ registry }) => {
      registry.group.show('unavailable', null);
      const answering = registry.script({ node: 0, fault: { kind: 'hang' } });
      const writing = registry.script({ stage: 'write', fault: FORWARDING_FAILED });
      await delay(4_000);
      registry.group.follow(0);
      answering.remove();
      await delay(2_000);
      writing.remove();
    },
  },
  {
    name: '8 the primary and the leader of its topic die together, and nobody gets an id twice',
    registry: { nodes: 2, vendor: 'karapace' },
    lastsMs: 24_000,
    trouble: async ({ registry }) => {
      registry.group.show('unavailable', null);
      // What was on its way may be in the log: its answer is lost.
      registry.script({ stage: 'write', times: 2, fault: { kind: 'lose-answer' } });
      await delay(300);
      await registry.node(0).stop();
      const refusing = registry.script({
        stage: 'write',
        fault: { kind: 'answer', status: 500, body: 'Internal Server Error' },
      });
      await delay(10_000);
      registry.group.show('PreparingRebalance', null);
      await delay(4_000);
      await registry.setPrimary(1);
      await delay(5_000);
      refusing.remove();
      await registry.node(0).start();
    },
  },
  {
    name: '9 all nodes away, then one comes back, which is a second outage',
    registry: { nodes: 2, vendor: 'karapace' },
    lastsMs: 26_000,
    trouble: async ({ registry }) => {
      for (const n of [0, 1]) await registry.node(n).stop();
      await delay(12_000);
      registry.node(1).pauseReading();
      const refusing = registry.script({ node: 1, stage: 'write', fault: FORWARDING_FAILED });
      registry
        .node(1)
        .start()
        .catch(() => {});
      await delay(350);
      registry.node(1).resumeReading();
      await delay(7_000);
      await registry.setPrimary(1);
      refusing.remove();
      await delay(5_000);
      await registry.node(0).start();
    },
  },
  replayed('9 the only node is restarted: ids that it denies at first are no poison', timelines.karapaceRestart, {
    registry: { nodes: 1, vendor: 'karapace' },
  }),
  {
    name: '10 a replica that dies while it forwards is no reason to write twice',
    registry: { nodes: 3, vendor: 'confluent', primary: 2 },
    lastsMs: 12_000,
    trouble: async ({ registry }) => {
      const forwarding = registry.script({ node: [0, 1], stage: 'write', fault: { kind: 'lose-answer' } });
      await delay(3_000);
      await registry.node(0).stop();
      await delay(4_000);
      forwarding.remove();
      await registry.node(0).start();
    },
    after: async ({ registry }) => {
      const subjects = schemasIn(registry).map(({ subject }) => subject);
      expect(new Set(subjects).size).toBe(subjects.length);
    },
  },
  {
    name: '11 an answer that is lost after the write is found again, not written again',
    registry: { nodes: 2, vendor: 'confluent' },
    lastsMs: 12_000,
    trouble: async ({ registry }) => {
      const losing = registry.script({ operation: 'register', fault: { kind: 'lose-answer' } });
      await delay(10_000);
      expect(losing.hits).toBeGreaterThan(0);
      losing.remove();
    },
    after: async ({ registry }) => {
      const subjects = schemasIn(registry).map(({ subject }) => subject);
      expect(new Set(subjects).size).toBe(subjects.length);
    },
  },
  {
    name: '13 a lagging replica that denies ids for 40 s puts no record into the dead letter queue',
    registry: { nodes: 2, vendor: 'confluent' },
    lastsMs: 42_000,
    trouble: async ({ registry, read }) => {
      registry.node(1).pauseReading();
      await read(2);
      await registry.node(0).stop();
      await registry.setPrimary(null);
      await delay(40_000);
      registry.node(1).resumeReading();
      await registry.node(0).start();
      await registry.setPrimary(0);
    },
  },
  {
    name: '14 plain text, HTML, 502, 503 and 429 are outages, whatever their bodies say',
    registry: { nodes: 2, vendor: 'karapace' },
    lastsMs: 26_000,
    trouble: async ({ registry }) => {
      for (const answer of STRAY_ANSWERS) {
        const rule = registry.script({ fault: { kind: 'answer', ...answer } });
        await delay(4_000);
        // Who was told to come back later does: with Retry-After nothing is asked for so long.
        await eventually('somebody is answered so', () => rule.hits > 0, 15_000);
        rule.remove();
      }
    },
  },
  replayed('15 a dead elector stops new schemas and nothing else, and is told of', timelines.confluentElectorDead, {
    lastsMs: 14_000,
    trouble: async ({ registry, bench }) => {
      await registry.play(timelines.confluentElectorDead).done;
      await delay(12_000);
      const { body } = await bench.connect.request('GET', '/registries');
      const shown = JSON.stringify(body);
      expect(shown).toMatch(/"id":"registry:[^"]*:write","state":"(closed|half-open)"/);
      expect(shown).toMatch(/"id":"registry:[^"]*:read","state":"open"/);
      const told = bench.lines.filter(({ fields }) => fields['code'] === 'holdfast.registry.unavailable');
      expect(told.length).toBeGreaterThan(0);
      expect(told.length).toBeLessThan(10);
      await registry.setPrimary(0);
    },
  }),
  {
    name: '16 one of three nodes that accepts and never answers delays nobody for long',
    registry: { nodes: 3, vendor: 'confluent' },
    lastsMs: 20_000,
    trouble: async ({ registry }) => {
      registry.node(2).freeze();
      await delay(18_000);
      registry.node(2).thaw();
    },
  },
  {
    name: '17 READONLY and IMPORT make writers wait until an operator ends them',
    registry: { nodes: 2, vendor: 'confluent' },
    lastsMs: 24_000,
    trouble: async ({ registry }) => {
      for (const mode of ['READONLY', 'IMPORT'] as const) {
        await registry.append({ keytype: 'MODE', subject: null, value: { mode } });
        await delay(9_000);
      }
      await registry.append({ keytype: 'MODE', subject: null, value: { mode: 'READWRITE' } });
    },
  },
  {
    name: '18 what a damaged topic lost is waited for, and goes on with the same ids once restored',
    registry: { nodes: 2, vendor: 'confluent' },
    lastsMs: 44_000,
    trouble: async ({ registry, read }) => {
      const refusing = registry.script({ stage: 'write', fault: FORWARDING_FAILED });
      for (const n of [0, 1]) await registry.node(n).stop();
      await read(2);
      // The two schemas, and nothing else, are lost.
      const lost = registry.records().slice(-2);
      await registry.restoreTo(registry.records().length - 2);
      for (const n of [0, 1]) await registry.node(n).start();
      await delay(40_000);
      await registry.append(...lost.flatMap(({ key, value }) => (key === null ? [] : [{ key, value }])));
      refusing.remove();
    },
  },
  replayed('20 without leave to describe the group, changes are seen all the same', timelines.karapaceKill9, {
    group: 'forbidden',
    after: async ({ bench }) => {
      const said = bench.lines.filter(({ message, fields }) =>
        /authorized/.test(`${message} ${JSON.stringify(fields)}`),
      );
      expect(said.length).toBeLessThanOrEqual(1);
    },
  }),
  {
    name: '22 operators act, groups rebalance and REST answers while everything is parked',
    registry: { nodes: 2, vendor: 'karapace' },
    lastsMs: 16_000,
    // Hung nodes work off what they were sent, also for sources that are gone by then.
    unanswered: range(0, 4).map((n) => ({ subject: `passing-${n}-value`, schema: sequenceSchema('Passing') })),
    trouble: async ({ registry, bench }) => {
      for (const n of [0, 1]) registry.node(n).freeze();
      await delay(2_000);
      for (const round of range(0, 4)) {
        await bench.parked(`new-${round}`, 30_000);
        const slowest = await operateWhileParked(bench, {
          ...{ source: `new-${round}`, sink: 'read-sink', topic: 'read' },
          passing: `passing-${round}`,
        });
        console.log(`22: slowest answer to an operator ${Math.round(slowest)} ms`);
      }
      for (const n of [0, 1]) registry.node(n).thaw();
    },
  },
];

describe.concurrent('the scripted registry', () => {
  it.each(scenarios)('$name', async (scenario) => {
    await playScenario(scenario);
  });

  it('21 a hundred parked tasks do not overrun three nodes that are restarted one by one', async () => {
    const PARKED = 100;
    await playScenario({
      name: '21 rolling restart of three nodes with 100 parked tasks',
      registry: { nodes: 3, vendor: 'confluent' },
      lastsMs: 2_000,
      peak: 60 + 6 * PARKED,
      topics: range(0, PARKED).map((n) => ({
        topic: `parked-${n}`,
        sequence: range(0, 2),
        schemaName: () => `Parked${n}`,
      })),
      trouble: async ({ registry, bench }) => {
        const refusing = registry.script({ stage: 'write', fault: FORWARDING_FAILED });
        for (const n of range(0, PARKED)) {
          bench.feed(`parked-${n}`, range(0, 2));
          await bench.source(`parked-${n}`, `parked-${n}`, sequenceSchema(`Parked${n}`));
        }
        const fromMs = registry.elapsedMs;
        for (const n of range(0, 3)) {
          await registry.node(n).stop();
          await delay(3_000);
          await registry.node(n).start();
          await registry.setPrimary(n);
          await delay(3_000);
        }
        expect(registry.requests.peak(1_000, { fromMs })).toBeLessThan(60 + 3 * PARKED);
        const backAt = registry.elapsedMs;
        refusing.remove();
        for (const n of range(0, PARKED)) {
          await bench.connect.waitFor(
            `parked-${n}`,
            async () => (await bench.topicLength(`parked-${n}`)) === 2,
            60_000,
          );
        }
        const registered = registry.requests.list({ operation: 'register', fromMs: backAt, outcome: 200 });
        expect(registered.length).toBeLessThan(PARKED + 20);
      },
    });
  });
});
