import { describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { Contradictions } from '../../../src/registry/contradictions.ts';
import { idLost } from '../../../src/registry/integrity-errors.ts';
import {
  REGISTRY_CONTENT_CHANGED,
  REGISTRY_ID_LOST,
  REGISTRY_OTHER_CLUSTER,
  RegistryIntegrityError,
} from '../../../src/registry/registry-errors.ts';
import type { RegistryEvent } from '../../../src/registry/registry-events.ts';
import type { RegistryNotice } from '../../../src/registry/registry-notices.ts';

class Setup {
  readonly log = recordingLogger();
  readonly events: RegistryEvent[] = [];
  readonly notices: RegistryNotice[] = [];
  /** Questions that an id answers. */
  readonly answered = new Map<number, readonly string[]>();
  doubts = 0;
  readonly contradictions = new Contradictions({
    registryId: 'r',
    clock: new ManualClock(),
    logger: this.log.logger,
    emit: (event) => this.events.push(event),
    notify: (notice) => this.notices.push(notice),
    forget: ({ id }) => this.answered.get(id) ?? [],
    doubt: () => {
      this.doubts += 1;
    },
  });

  /** Whether the question of the view is refused. */
  refused(key: string, view: string): string | undefined {
    return this.contradictions.refusal(key, view)?.message;
  }
}

const about = (
  id: number,
  code: RegistryIntegrityError['code'] = REGISTRY_CONTENT_CHANGED,
  message = `id ${id} is another`,
) => new RegistryIntegrityError(message, { code, details: { id, context: '' } });
const ofAll = (message: string) =>
  new RegistryIntegrityError(message, { code: REGISTRY_OTHER_CLUSTER, details: { registry: true } });

describe('a contradiction', () => {
  it('is told once, to people, to whoever counts, and to every host each time', () => {
    const { contradictions, log, events, notices } = new Setup();
    const error = about(1);
    contradictions.found(error);
    contradictions.found(error);
    expect(log.lines.map(({ level, fields }) => [level, fields['code']])).toEqual([
      ['error', 'holdfast.registry.content-changed'],
    ]);
    expect(events).toEqual([{ type: 'integrity', error }]);
    expect(notices).toHaveLength(2);
    expect(notices[0]).toMatchObject({ kind: 'contradicted', registryId: 'r', context: '', id: 1 });
    expect(contradictions.lines).toEqual(['id 1 is another']);
  });

  it('is one, whoever meets it, where, and under which subject: told in the words of the first, and anew for other content', () => {
    const { contradictions, log, events, notices } = new Setup();
    const met = (node: string, now: string, id = 1) =>
      new RegistryIntegrityError(`id ${id} is ${now} at ${node}`, {
        code: REGISTRY_CONTENT_CHANGED,
        details: { id, context: '', node, before: 'x', now },
      });
    const first = met('a', 'y');
    expect(contradictions.found(first)).toBe(first);
    expect(contradictions.found(met('b', 'y'), 'k')).toBe(first);
    expect(contradictions.refusal('k', 'v')).toBeUndefined();
    expect(contradictions.lines).toEqual(['id 1 is y at a']);
    expect(events).toEqual([{ type: 'integrity', error: first }]);
    expect(log.lines).toHaveLength(1);
    expect(notices.map((notice) => 'error' in notice && notice.error.message)).toEqual(Array(2).fill('id 1 is y at a'));
    contradictions.found(met('b', 'z'));
    contradictions.found(met('b', 'y', 2));
    expect(contradictions.lines).toEqual(['id 2 is y at b', 'id 1 is z at b', 'id 1 is y at a']);
    expect(events).toHaveLength(3);
  });

  it('that an id was lost is told of each subject that it was given for, in its own words', () => {
    const { contradictions, log } = new Setup();
    const lost = (subject: string, node: string) =>
      idLost({ id: 1, context: '', subject, node, fingerprint: 'f', now: 3, reason: 'its subject does not have it' });
    const [first, second] = [lost('a', 'n1'), lost('b', 'n1')];
    expect([contradictions.found(first), contradictions.found(second)]).toEqual([first, second]);
    expect([contradictions.found(lost('a', 'n2')), contradictions.found(lost('b', 'n2'))]).toEqual([first, second]);
    expect(log.lines).toHaveLength(2);
  });

  it('that comes again after it was mended is told again, and shown as the latest', () => {
    const setup = new Setup();
    const { contradictions, log, events } = setup;
    setup.refused('k', 'v');
    contradictions.found(about(1), 'k');
    contradictions.found(about(2), 'other');
    // On its way since before: that shows nothing.
    contradictions.settled('k');
    contradictions.found(about(1), 'k');
    expect(log.lines).toHaveLength(2);
    // The task is restarted, and its question is answered well.
    setup.refused('k', 'later');
    contradictions.settled('k');
    for (let n = 0; n < 3; n++) contradictions.found(about(1), 'k');
    expect([log.lines.length, events.length]).toEqual([3, 3]);
    expect(contradictions.lines).toEqual(['id 1 is another', 'id 2 is another']);
    setup.refused('k', 'latest');
    contradictions.found(about(1), 'k');
    expect(log.lines).toHaveLength(3);
  });

  it('of the registry is told once, whoever is answered well in between: one good answer does not mend it', () => {
    const setup = new Setup();
    const { contradictions, log } = setup;
    for (let n = 0; n < 2; n++) contradictions.found(ofAll('another cluster'));
    contradictions.settled('k');
    contradictions.found(ofAll('another cluster'));
    expect(log.lines).toHaveLength(1);
    setup.refused('k', 'later');
    contradictions.settled('k');
    contradictions.found(ofAll('another cluster'), 'k');
    setup.refused('k', 'latest');
    contradictions.settled('k');
    contradictions.found(ofAll('another cluster'));
    expect(log.lines).toHaveLength(1);
  });

  it('is shown with the latest fifty, the latest first', () => {
    const { contradictions } = new Setup();
    for (let id = 1; id <= 60; id++) contradictions.found(about(id, REGISTRY_ID_LOST));
    expect(contradictions.lines).toHaveLength(50);
    expect([contradictions.lines[0], contradictions.lines[49]]).toEqual(['id 60 is another', 'id 11 is another']);
  });

  it('refuses its question, and all that its id answers, to who came before', () => {
    const setup = new Setup();
    setup.answered.set(1, ['p', 'q']);
    for (const view of ['v', 'w']) setup.refused('k', view);
    setup.contradictions.found(about(1), 'k');
    for (const key of ['k', 'p', 'q']) {
      expect([setup.refused(key, 'v'), setup.refused(key, 'w')]).toEqual(['id 1 is another', 'id 1 is another']);
    }
    expect(setup.refused('other', 'v')).toBeUndefined();
    // A task that was restarted has a new view, and asks.
    expect(setup.refused('k', 'later')).toBeUndefined();
    expect(setup.refused('k', 'later')).toBeUndefined();
  });

  it('is over for a question that was answered well to somebody who came later', () => {
    const setup = new Setup();
    setup.refused('k', 'v');
    setup.contradictions.found(about(1), 'k');
    // Under way when it was found.
    setup.contradictions.settled('k');
    expect(setup.refused('k', 'v')).toBe('id 1 is another');
    setup.refused('k', 'later');
    setup.contradictions.settled('k');
    expect(setup.refused('k', 'v')).toBeUndefined();
  });

  it('of the registry refuses every question of who came before', () => {
    const setup = new Setup();
    setup.refused('k', 'v');
    setup.contradictions.found(ofAll('another cluster'));
    expect(setup.notices).toMatchObject([{ kind: 'distrusted', registryId: 'r' }]);
    expect([setup.refused('anything', 'v'), setup.refused('anything', 'later')]).toEqual([
      'another cluster',
      undefined,
    ]);
    // What is found of a later view is refused to it all the same.
    setup.contradictions.found(about(1), 'k');
    expect([setup.refused('k', 'later'), setup.refused('k', 'v')]).toEqual(['id 1 is another', 'another cluster']);
  });

  it('that names no id, or no context, is held against its question only', () => {
    const setup = new Setup();
    setup.refused('k', 'v');
    for (const details of [undefined, { id: 1 }, { id: '1', context: '' }, { context: '' }]) {
      const options = details === undefined ? {} : { details };
      setup.contradictions.found(new RegistryIntegrityError('unclear', options), 'k');
    }
    expect([setup.notices, setup.doubts]).toEqual([[], 0]);
    expect(setup.refused('k', 'v')).toBe('unclear');
  });
});

describe('other content under an id', () => {
  it('makes others doubtful, once for each id, and no other kind of contradiction does', () => {
    const setup = new Setup();
    setup.contradictions.found(about(1));
    setup.contradictions.found(about(1));
    setup.contradictions.found(about(9, REGISTRY_ID_LOST));
    expect(setup.doubts).toBe(1);
    setup.contradictions.found(about(2));
    expect(setup.doubts).toBe(2);
  });

  it('of three ids is another registry, unless one was as it was between them', () => {
    const setup = new Setup();
    const kinds = () => setup.notices.splice(0).map(({ kind }) => kind);
    for (const id of [1, 2]) setup.contradictions.found(about(id));
    setup.contradictions.vouched();
    for (const id of [3, 4]) setup.contradictions.found(about(id));
    expect([kinds(), setup.doubts]).toEqual([Array(4).fill('contradicted'), 4]);
    setup.contradictions.found(about(5));
    expect([kinds(), setup.doubts]).toEqual([['contradicted', 'distrusted'], 4]);
    expect(setup.contradictions.lines[0]).toContain('The schema ids 3, 4, 5 all resolve to other content than before');
    expect(setup.contradictions.lines[0]).toMatch(/id 3 is another$/);
    // It begins anew after that.
    setup.contradictions.found(about(6));
    expect([kinds(), setup.doubts]).toEqual([['contradicted'], 5]);
  });
});
