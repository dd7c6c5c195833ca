import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScriptedRegistry } from '../../src/testing/index.ts';
import { RegistryHttp } from '../integration/embedded-registry/registry-http.ts';
import { type Apicurio, startApicurio } from '../support/apicurio.ts';
import { describeWithKafka } from '../support/describe-with-kafka.ts';
import { uniqueName } from '../support/unique-name.ts';
import { compatibilityCases } from '../unit/registry/avro/compatibility-cases.ts';

/** Apicurio asks Avro's Java library, and speaks Confluent's API: a second opinion on both. */
describeWithKafka('the embedded registry and Apicurio', (kafka) => {
  let apicurio: Apicurio;
  let registry: ScriptedRegistry;
  let both: readonly RegistryHttp[];
  beforeAll(async () => {
    apicurio = await startApicurio({
      bootstrapServers: kafka().bootstrapServers,
      journalTopic: uniqueName('kafkasql-journal'),
    });
    registry = await ScriptedRegistry.start();
    both = [new RegistryHttp(apicurio.url), new RegistryHttp(registry.urls[0] ?? '')];
  }, 240_000);
  afterAll(async () => {
    await registry?.stop();
    await apicurio?.stop();
  });

  describe('agree on what may follow what', () => {
    it.each(compatibilityCases.map((entry, i) => [`case-${i}`, ...entry] as const))(
      '%s: %s',
      async (subject, _, reader, writer, problems) => {
        for (const http of both) {
          await http.post(`/subjects/${subject}/versions`, { schema: JSON.stringify(writer) });
          await http.put(`/config/${subject}`, { compatibility: 'BACKWARD' });
          const body = { schema: JSON.stringify(reader) };
          const { body: verdict } = await http.post(`/compatibility/subjects/${subject}/versions/latest`, body);
          expect(verdict, http.url).toMatchObject({ is_compatible: problems.length === 0 });
        }
      },
    );
  });

  it('agree on status and error_code', async () => {
    const schema = (...fields: string[]) => ({
      schema: JSON.stringify({ type: 'record', name: 'R', fields: fields.map((name) => ({ name, type: 'int' })) }),
    });
    const requests: readonly ['GET' | 'POST' | 'DELETE', string, unknown?][] = [
      ['GET', '/subjects/e/versions'],
      ['GET', '/subjects/e/versions/1'],
      ['POST', '/subjects/e', schema('a')],
      ['POST', '/subjects/e/versions', { schema: '{"type":"nothing"}' }],
      ['POST', '/subjects/e/versions', schema('a')],
      ['POST', '/subjects/e', schema('a', 'b')],
      ['GET', '/subjects/e/versions/9'],
      ['GET', '/schemas/ids/999999'],
      ['DELETE', '/subjects/e?permanent=true'],
      ['DELETE', '/subjects/e'],
      ['GET', '/subjects/e/versions'],
      ['DELETE', '/subjects/e?permanent=true'],
      ['DELETE', '/subjects/e'],
    ];
    const differences: string[] = [];
    for (const [method, path, body] of requests) {
      const [theirs, ours] = await Promise.all(both.map((http) => http.request(method, path, body)));
      const outcome = (answer = theirs) => `${answer?.status}/${answer?.body?.error_code ?? '-'}`;
      if (outcome(ours) !== outcome(theirs)) {
        differences.push(`${method} ${path}: ${outcome(ours)}, Apicurio ${outcome(theirs)}`);
      }
    }
    // Confluent's registry answers 404 with all of 40401 to 40407.
    expect(differences).toEqual(['DELETE /subjects/e?permanent=true: 404/40405, Apicurio 409/40405']);
  });
});
