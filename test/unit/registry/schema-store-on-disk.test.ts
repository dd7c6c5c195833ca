import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { SchemaStore } from '../../../src/registry/schema-store.ts';
import { FileCompactedLog } from '../../../src/storage/file-compacted-log.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { avro } from './worker-of-registries.ts';

describe('a schema store whose worker was killed in the middle of a write', () => {
  it('opens after a cut at every byte, with what was whole: an id never without its content', async () => {
    const folder = tempDir('torn-store');
    const open = async (file: string) => {
      const log = new FileCompactedLog({ file, logger: silentLogger });
      return { log, store: await SchemaStore.open({ log, logger: silentLogger }) };
    };
    const schema = (id: number) => ({
      clusterId: 'c',
      context: '',
      id,
      ...avro(`s${id}`),
      fingerprint: `f${id}`,
      sent: false,
      time: id,
      epoch: '1',
    });
    const proof = (id: number) =>
      ({
        clusterId: 'c',
        subject: `s${id}`,
        text: 't',
        normalize: false,
        proof: 'registered',
        id,
        time: id,
        epoch: '1',
      }) as const;
    const whole = join(folder, 'whole');
    const { log, store } = await open(whole);
    const ends = [log.bytes];
    for (const id of [1, 2]) {
      store.remember(schema(id));
      store.prove(proof(id));
      await store.flushed();
      ends.push(log.bytes);
    }
    await store.close();
    const bytes = readFileSync(whole);
    expect(bytes).toHaveLength(ends[2] ?? 0);
    const torn = join(folder, 'torn');
    for (let cut = ends[1] ?? 0; cut <= bytes.length; cut++) {
      writeFileSync(torn, bytes.subarray(0, cut));
      const { store: opened } = await open(torn);
      for (const id of [1, 2]) {
        const [known, proven] = [opened.schema('c', '', id), opened.proof('c', `s${id}`, 't', false)];
        expect([undefined, JSON.stringify(schema(id))]).toContain(known && JSON.stringify(known));
        expect([undefined, JSON.stringify(proof(id))]).toContain(proven && JSON.stringify(proven));
        if (cut >= (ends[id] ?? 0)) expect([known, proven]).not.toContain(undefined);
        if (proven !== undefined) expect(known).toBeDefined();
      }
      // Every so often, for the disk's sake: what is written behind a mended end is there too.
      if (cut % 16 === 0) opened.remember(schema(4));
      await opened.close();
      if (cut % 16 !== 0) continue;
      const { store: again } = await open(torn);
      expect(again.schema('c', '', 4)).toEqual(schema(4));
      await again.close();
    }
  }, 60_000);
});
