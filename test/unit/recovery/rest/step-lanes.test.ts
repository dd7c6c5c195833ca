import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { REST_DENIED } from '../../../../src/recovery/rest/rest-errors.ts';
import {
  configStep,
  enterImportStep,
  hardDeleteStep,
  importStep,
  isThere,
  modeStep,
  type RequestStep,
  softDeleteStep,
} from '../../../../src/recovery/rest/restore-steps.ts';
import { StepLanes } from '../../../../src/recovery/rest/step-lanes.ts';
import { DataError } from '../../../../src/sdk/errors/kinds.ts';

const value = (subject: string, version = 1, refersTo: readonly string[] = []) => ({
  ...({ subject, version, id: version, schemaType: 'AVRO', metadata: undefined, ruleSet: undefined } as const),
  ...{ schema: '"int"', deleted: false },
  references: refersTo.map((name) => ({ name, subject: name, version: 1 })),
});

const nameOf = ({ method, path }: RequestStep): string => `${method} ${decodeURIComponent(path)}`;

class Registry {
  readonly begun: string[] = [];
  readonly ended: string[] = [];
  most = 0;
  refuse: (name: string) => boolean = () => false;

  /** Those that go together: everything that has begun, at each time that one ends, and has not ended. */
  async play(steps: readonly RequestStep[], most = 100): Promise<void> {
    const lanes = new StepLanes({ most, run: (step) => this.run(nameOf(step)) });
    try {
      for (const step of steps) await lanes.add(step);
    } finally {
      await lanes.finish();
    }
  }

  private async run(name: string): Promise<void> {
    this.begun.push(name);
    this.most = Math.max(this.most, this.begun.length - this.ended.length);
    // The first ones take longest.
    for (let n = this.begun.length; n < 50; n++) await turn();
    this.ended.push(name);
    if (this.refuse(name)) throw new DataError(`refused ${name}`, { code: REST_DENIED });
  }
}

const intoOccupied = (subject: string): RequestStep[] => {
  const [one, two] = [value(subject), value(subject, 2)];
  return [enterImportStep(subject, true, isThere(two)), importStep(one), importStep(two)];
};

describe('requests of a plan', () => {
  it('go side by side for subjects that have nothing to do with each other, and in order for each', async () => {
    const subjects = ['a', 'b/ä', ':.dev:c'];
    const registry = new Registry();
    await registry.play([
      ...subjects.flatMap(intoOccupied),
      ...subjects.flatMap((subject) => [
        configStep(subject, { compatibilityLevel: 'FULL' }),
        modeStep(subject, undefined),
      ]),
    ]);
    expect(registry.most).toBe(3);
    for (const subject of subjects) {
      expect(registry.ended.filter((name) => name.includes(subject))).toEqual([
        `PUT /mode/${subject}?force=true`,
        `POST /subjects/${subject}/versions`,
        `POST /subjects/${subject}/versions`,
        `PUT /config/${subject}`,
        `DELETE /mode/${subject}`,
      ]);
    }
  });

  it.each([
    ['a', 'b', 'b'],
    ['a', 'b', ':.:a'],
    // The default context has no name in another one.
    ['a', ':.dev:b', 'a', ':.:a'],
    [':.dev:a', ':.dev:b', 'a'],
  ])('wait for %s where %s refers to it', async (needed, subject, ...names) => {
    for (const name of names) {
      const isOther = name === 'b' || (subject === ':.dev:b' && needed === 'a');
      const registry = new Registry();
      await registry.play([importStep(value(needed)), importStep(value(subject, 1, [name]))]);
      expect(registry.most, name).toBe(isOther ? 2 : 1);
    }
  });

  it('go alone where they concern more than one subject, reserve ids, or prove that all before them was done', async () => {
    const [a, b, c] = [value('a'), value('b'), value('c')];
    for (const alone of [
      modeStep('', 'READWRITE'),
      modeStep(':.dev:', 'READWRITE'),
      configStep('', undefined),
      softDeleteStep('holdfast-reserved-ids', 1),
    ]) {
      const registry = new Registry();
      await registry.play([importStep(a), alone, importStep(b)]);
      expect(registry.most, alone.path).toBe(1);
    }
    const registry = new Registry();
    await registry.play([enterImportStep('', false, isThere(c)), importStep(a), importStep(b), importStep(c)]);
    expect(registry.most).toBe(2);
    expect(registry.ended.at(-1)).toBe('POST /subjects/c/versions');
  });

  it('that are refused are sent again when those before them are done, and then it counts', async () => {
    const deletes = ['user', 'used'].flatMap((subject) => [softDeleteStep(subject, 1), hardDeleteStep(subject, 1)]);
    const registry = new Registry();
    registry.refuse = (name) => name.includes('/used/') && !registry.ended.includes(nameOf(deletes[1] as RequestStep));
    await registry.play(deletes);
    expect(registry.begun.filter((name) => name === 'DELETE /subjects/used/versions/1')).toHaveLength(2);
    expect(registry.ended.slice(-2)).toEqual(deletes.slice(2).map(nameOf));

    const stubborn = new Registry();
    stubborn.refuse = (name) => name === 'DELETE /subjects/used/versions/1';
    await expect(stubborn.play(deletes)).rejects.toThrow('refused DELETE /subjects/used/versions/1');
    expect(stubborn.ended).not.toContain(nameOf(deletes[3] as RequestStep));
  });

  it('are not taken from the plan without end', async () => {
    const registry = new Registry();
    await registry.play(
      Array.from({ length: 20 }, (_, n) => importStep(value(`s${n}`))),
      4,
    );
    expect(registry.most).toBe(4);
  });
});
