import { generateKeyPairSync } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { RegistryConfigError } from '../../../src/registry/registry-errors.ts';
import { parseRegistrySettings } from '../../../src/registry/registry-settings.ts';
import { TlsFiles } from '../../../src/registry/tls-files.ts';
import type { TlsOptions } from '../../../src/registry/tls-stores.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** What is done to the files of a test without blocking, and what happens there after one was read. */
const disk = { stats: 0, reads: 0, afterRead: async (): Promise<void> => {} };
const { stat, readFile } = promises;
const isOfTest = (file: unknown): boolean => String(file).includes('-tls-files-');
beforeEach(() => {
  Object.assign(disk, { stats: 0, reads: 0, afterRead: async () => {} });
  Object.assign(promises, {
    stat: (...given: Parameters<typeof stat>) => {
      if (isOfTest(given[0])) disk.stats += 1;
      return stat(...given);
    },
    readFile: async (...given: Parameters<typeof readFile>) => {
      const content = await readFile(...given);
      if (isOfTest(given[0])) {
        disk.reads += 1;
        await disk.afterRead();
      }
      return content;
    },
  });
  syncBuiltinESMExports();
});
afterEach(() => {
  Object.assign(promises, { stat, readFile });
  syncBuiltinESMExports();
});

const PEM = readFileSync(fileURLToPath(new URL('../../fixtures/tls/client.pem', import.meta.url)), 'utf8');
/** Authorities as files may hold them: the same certificate, with another remark before it. */
const authority = (name: string): string => `${name}\n${PEM}`;
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

class Setup {
  readonly clock = new ManualClock();
  readonly log = recordingLogger();
  readonly folder = tempDir('tls-files');
  readonly trust = join(this.folder, 'ca.pem');
  readonly keys = join(this.folder, 'key.pem');
  readonly renewed: TlsOptions[] = [];
  readonly files: TlsFiles;
  readonly disk = disk;

  constructor(which: 'both' | 'texts' = 'both') {
    writeFileSync(this.trust, authority('one'));
    writeFileSync(this.keys, PEM);
    const ssl = 'schema.registry.ssl.';
    const located = { [`${ssl}truststore.location`]: this.trust, [`${ssl}keystore.location`]: this.keys };
    const { tls } = parseRegistrySettings({
      'schema.registry.url': 'https://a',
      ...(which === 'both' ? located : { [`${ssl}truststore.certificates`]: PEM }),
    });
    this.files = new TlsFiles({
      tls,
      clock: this.clock,
      logger: this.log.logger,
      onRenewed: (options) => this.renewed.push(options),
    });
  }

  get trusted(): (string | undefined)[] {
    return this.renewed.map(({ ca }) => ca?.split('\n')[0]);
  }

  get warnings() {
    return this.log.lines.filter(({ level }) => level === 'warn');
  }

  /** As after a failure of TLS, which is not the first within a second. */
  async again(): Promise<void> {
    await this.clock.advance(1000);
    await this.files.readAgain();
  }

  /** As requests do, until the look at the files that is due has ended. */
  async look(): Promise<void> {
    await this.clock.advance(5000);
    const { stats } = this.disk;
    const looking = this.files.attend();
    expect(this.disk.stats).toBe(stats + 1);
    await looking;
  }
}

describe('the TLS files of a registry', () => {
  it('are read once at the opening, and what can not be used then is refused', () => {
    const setup = new Setup();
    expect(setup.files.opened).toMatchObject({ ca: authority('one'), cert: PEM, key: PEM });
    expect(setup.renewed).toEqual([]);
    const tls = parseRegistrySettings({
      'schema.registry.url': 'https://a',
      'schema.registry.ssl.truststore.location': join(setup.folder, 'none.pem'),
    }).tls;
    expect(() => new TlsFiles({ tls, clock: setup.clock, onRenewed: () => {} })).toThrow(RegistryConfigError);
  });

  it('are not touched for single requests, but looked at every five seconds', async () => {
    const setup = new Setup();
    writeFileSync(setup.trust, authority('two'));
    await setup.clock.advance(4999);
    for (let n = 0; n < 1000; n++) void setup.files.attend();
    expect(setup.disk).toMatchObject({ stats: 0, reads: 0 });
    await setup.clock.advance(1);
    const looking = setup.files.attend();
    for (let n = 0; n < 1000; n++) void setup.files.attend();
    expect(setup.disk).toMatchObject({ stats: 1, reads: 0 });
    await looking;
    expect(setup.trusted).toEqual(['two']);
    expect(setup.disk).toMatchObject({ stats: 4, reads: 2 });
  });

  it('are not read while they look as before', async () => {
    const setup = new Setup();
    await setup.look();
    await setup.look();
    expect(setup.disk.reads).toBe(0);
    writeFileSync(setup.keys, authority('two'));
    await setup.look();
    await setup.look();
    expect(setup.disk.reads).toBe(2);
    expect(setup.renewed.map(({ cert }) => cert)).toEqual([authority('two')]);
  });

  it('are the same when only their time is another', async () => {
    const setup = new Setup();
    utimesSync(setup.trust, 1, 1);
    await setup.look();
    expect(setup.disk.reads).toBe(2);
    expect(setup.renewed).toEqual([]);
    expect(setup.log.lines).toEqual([]);
  });

  it('may be replaced by others of the same size and time, by a rename or a link', async () => {
    const setup = new Setup();
    const replacement = (name: string): string => {
      const file = join(setup.folder, name);
      writeFileSync(file, authority(name));
      utimesSync(file, 1, 1);
      return file;
    };
    renameSync(replacement('two'), setup.trust);
    await setup.look();
    renameSync(replacement('six'), setup.trust);
    await setup.look();
    expect(setup.trusted).toEqual(['two', 'six']);
    const link = join(setup.folder, 'link');
    symlinkSync(replacement('ten'), link);
    renameSync(link, setup.trust);
    await setup.look();
    expect(setup.trusted).toEqual(['two', 'six', 'ten']);
  });

  it('that are renewed are told in one line', async () => {
    const setup = new Setup();
    writeFileSync(setup.trust, authority('two'));
    await setup.look();
    expect(setup.log.lines).toMatchObject([{ level: 'info', fields: { files: [setup.trust, setup.keys] } }]);
  });

  it('are no concern of settings that name none', async () => {
    const setup = new Setup('texts');
    await setup.clock.advance(5000);
    void setup.files.attend();
    await setup.files.readAgain();
    expect(setup.disk).toMatchObject({ stats: 0, reads: 0 });
    expect(new TlsFiles({ tls: undefined, clock: setup.clock, onRenewed: () => {} }).opened).toEqual({});
  });
});

describe('a failure of TLS', () => {
  it('has the files read whatever they look like, before it is answered', async () => {
    const setup = new Setup();
    utimesSync(setup.trust, 1, 1);
    await setup.look();
    writeFileSync(setup.trust, authority('two'));
    utimesSync(setup.trust, 1, 1);
    await setup.look();
    expect(setup.trusted).toEqual([]);
    await setup.files.readAgain();
    expect(setup.trusted).toEqual(['two']);
  });

  it('has them read once for all that failed, and again after a second', async () => {
    const setup = new Setup();
    await Promise.all(Array.from({ length: 20 }, () => setup.files.readAgain()));
    expect(setup.disk.reads).toBe(2);
    writeFileSync(setup.trust, authority('two'));
    await setup.clock.advance(999);
    await setup.files.readAgain();
    expect(setup.disk.reads).toBe(2);
    await setup.clock.advance(1);
    await setup.files.readAgain();
    expect(setup.disk.reads).toBe(4);
    expect(setup.trusted).toEqual(['two']);
  });

  it('does not believe a look that began before it', async () => {
    const setup = new Setup();
    utimesSync(setup.trust, 1, 1);
    setup.disk.afterRead = async () => {
      setup.disk.afterRead = async () => {};
      failing = setup.files.readAgain();
      writeFileSync(setup.trust, authority('two'));
    };
    let failing: Promise<void> | undefined;
    await setup.look();
    await failing;
    expect(setup.trusted).toEqual(['two']);
  });

  it('waits no longer than a second for a disk that hangs', async () => {
    const setup = new Setup();
    setup.disk.afterRead = () => new Promise(() => {});
    let ended = false;
    const failing = setup.files.readAgain().then(() => {
      ended = true;
    });
    await setup.clock.advance(999);
    expect(ended).toBe(false);
    await setup.clock.advance(1);
    await failing;
    expect(setup.clock.pendingTimers).toBe(0);
  });
});

describe('a renewed file that can not be used', () => {
  it.each<[string, (setup: Setup) => void]>([
    ['half-written authorities', ({ trust }) => writeFileSync(trust, authority('two').slice(0, 300))],
    ['nothing yet', ({ trust }) => writeFileSync(trust, '')],
    ['gone', ({ trust }) => rmSync(trust)],
    ['a certificate without its key', ({ keys }) => writeFileSync(keys, PEM.slice(0, PEM.indexOf('-----BEGIN PRIV')))],
    [
      'a new certificate with another key',
      ({ keys }) => writeFileSync(keys, `${PEM.split(/\n(?=-----BEGIN PRIV)/)[0]}\n${otherKey}`),
    ],
  ])('leaves in use what was read before, with one warning: %s', async (_, damage) => {
    const setup = new Setup();
    damage(setup);
    await setup.look();
    await setup.again();
    await setup.again();
    expect(setup.renewed).toEqual([]);
    expect(setup.warnings).toMatchObject([
      { fields: { code: 'holdfast.registry.tls-files', files: [setup.trust, setup.keys] } },
    ]);
    expect(String(setup.warnings[0]?.fields['err'])).toMatch(/ca\.pem|key\.pem/);
    expect(JSON.stringify(setup.warnings)).not.toContain('PRIVATE KEY');
    writeFileSync(setup.trust, authority('two'));
    writeFileSync(setup.keys, PEM);
    await setup.look();
    expect(setup.trusted).toEqual(['two']);
  });

  it('is warned of once until it is mended, and once more after that', async () => {
    const setup = new Setup();
    for (const content of ['', 'x', authority('two').slice(0, 300)]) {
      writeFileSync(setup.trust, content);
      await setup.look();
    }
    expect(setup.warnings).toHaveLength(1);
    // Taken back: nothing is new, but all is well.
    writeFileSync(setup.trust, authority('one'));
    await setup.look();
    expect(setup.renewed).toEqual([]);
    writeFileSync(setup.trust, '');
    await setup.look();
    expect(setup.warnings).toHaveLength(2);
    writeFileSync(setup.trust, authority('two'));
    await setup.look();
    writeFileSync(setup.trust, '');
    await setup.look();
    expect(setup.trusted).toEqual(['two']);
    expect(setup.warnings).toHaveLength(3);
  });

  it('is read by the next look, without a word, when it was written to meanwhile', async () => {
    const setup = new Setup();
    writeFileSync(setup.trust, authority('two').slice(0, 300));
    setup.disk.afterRead = async () => {
      setup.disk.afterRead = async () => {};
      appendFileSync(setup.trust, authority('two').slice(300));
    };
    await setup.look();
    expect(setup.log.lines).toEqual([]);
    await setup.look();
    expect(setup.trusted).toEqual(['two']);
    expect(setup.warnings).toEqual([]);
  });
});
