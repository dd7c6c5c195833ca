import { describe, expect, it } from 'vitest';
import { parseJaasFile } from '../../../src/foundation/jaas-file.ts';

describe('parseJaasFile', () => {
  it('reads contexts, comments and quotes', () => {
    const file = parseJaasFile(`
      // the worker
      KafkaClient { org.x.PlainLoginModule required username="a" password="b;{}="; };
      KafkaConnect {
        /* of the
           REST API */
        org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule REQUIRED
          file="/etc/connect/a \\"b\\".properties";
        other.Module optional;
      };`);
    expect([...file.keys()]).toEqual(['KafkaClient', 'KafkaConnect']);
    expect(file.get('KafkaConnect')).toEqual([
      {
        loginModule: 'org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule',
        options: new Map([['file', '/etc/connect/a "b".properties']]),
      },
      { loginModule: 'other.Module', options: new Map() },
    ]);
    expect(file.get('KafkaClient')?.[0]?.options.get('password')).toBe('b;{}=');
  });

  it.each([
    ['A { M required a="hunter2 }', 'a quote is not closed'],
    ['A M', "a '{' is missing after the name of the context A"],
    ['A { M sometimes; };', 'the control flag of M is none of required, requisite, sufficient, optional'],
    ['A { M required a "hunter2"; };', "a '=' is missing after the option a of M"],
    ['A { M required a="b" };', "an option of M, or the ';' at its end, is missing"],
    ['A { M required; }', "a ';' is missing after the '}' of A"],
    ['A { M required; }; A { M required; };', 'the context A is there twice'],
  ])('refuses %s without quoting a value', (text, message) => {
    expect(() => parseJaasFile(text)).toThrow(message);
    expect(message).not.toContain('hunter2');
  });
});
