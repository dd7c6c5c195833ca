import { describe, expect, it } from 'vitest';
import { maskOutput } from '../../../src/cli/masked-output.ts';
import { SecretRegistry } from '../../../src/foundation/secret-registry.ts';

function output(...secrets: string[]) {
  const registry = new SecretRegistry();
  registry.hold('owner', secrets);
  const written: Buffer[] = [];
  const stream = {
    write: (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
      written.push(Buffer.from(chunk as string));
      for (const each of rest) if (typeof each === 'function') each();
      return true;
    },
  };
  const end = maskOutput(stream, registry);
  return { stream, end, text: () => Buffer.concat(written).toString('utf8'), bytes: () => Buffer.concat(written) };
}

describe('maskOutput', () => {
  it('strikes out a secret that is split over writes, inside of a character too, and ends with what waited', () => {
    const { stream, end, text } = output('hunter2-\u00f6-hunter2');
    const bytes = Buffer.from('<hunter2-\u00f6-hunter2> hunt');
    for (const byte of bytes) stream.write(Uint8Array.of(byte));
    expect(text()).toBe('<[hidden]> ');
    end();
    expect(text()).toBe('<[hidden]> hunt');
  });

  it('strikes out what is written in an encoding', () => {
    const { stream, text } = output('hunter2-hunter2');
    stream.write(Buffer.from('a hunter2-hunter2!').toString('hex'), 'hex');
    expect(text()).toBe('a [hidden]!');
  });

  it('calls back for a write that waits, and leaves bytes that are no text as they are', () => {
    const { stream, end, bytes } = output('hunter2-hunter2');
    const binary = Uint8Array.of(0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28, 0xc3);
    stream.write(binary);
    end();
    expect([...bytes().subarray(0, 6)]).toEqual([...binary.subarray(0, 6)]);
    return new Promise<void>((resolve) => stream.write('hunt', () => resolve()));
  });
});
