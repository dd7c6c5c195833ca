import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openRestTls } from '../../../src/cli/rest-tls.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { ManualClock } from '../../../src/foundation/manual-clock.ts';
import { ConfigError } from '../../../src/sdk/errors/kinds.ts';
import { tempDir } from '../../support/temp-dir.ts';

function messageOf(raw: Readonly<Record<string, string>>): string {
  try {
    openRestTls({ raw, prefix: 'listeners.https.', clock: new ManualClock(), logger: silentLogger });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

it.each(['listeners.https.', ''])(
  'names every setting of a listener as it is written, with the prefix %o',
  (prefix) => {
    const store = join(tempDir('rest-tls'), 'store');
    writeFileSync(store, Buffer.from('feedfeed00000002', 'hex'));
    const jks = messageOf({ [`${prefix}ssl.keystore.location`]: store, [`${prefix}ssl.truststore.location`]: store });
    for (const [which, file] of [
      ['keystore', 'keystore.p12'],
      ['truststore', 'truststore.p12'],
    ]) {
      expect(jks).toContain(`, and set ${prefix}ssl.${which}.location=${file} and ${prefix}ssl.${which}.type=PKCS12.`);
    }
    const key = messageOf({ [`${prefix}ssl.keystore.key`]: 'k' });
    const both = messageOf({
      [`${prefix}ssl.truststore.certificates`]: 'c',
      [`${prefix}ssl.truststore.location`]: store,
      [`${prefix}ssl.keystore.key`]: 'k',
      [`${prefix}ssl.keystore.certificate.chain`]: 'c',
    });
    expect(key).toContain(
      `${prefix}ssl.keystore.certificate.chain is missing, while ${prefix}ssl.keystore.key is set.`,
    );
    expect(both).toContain(` can not be combined with ${prefix}ssl.truststore.certificates.`);
    expect(both).toContain(` belong together, and ${prefix}ssl.key.password.`);
  },
);
