import { describe, expect, it } from 'vitest';
import { advertisedAddress, localUrlOf, parseListener } from '../../../src/rest/listener.ts';

const none = { hostName: null, port: null, scheme: null };

describe('parseListener', () => {
  it.each([
    ['http://:8083', 'http', '', 8083],
    ['HTTP://127.0.0.1:0', 'http', '127.0.0.1', 0],
    ['http://[::1]:8083/', 'http', '::1', 8083],
    ['HTTPS://connect.example:8443', 'https', 'connect.example', 8443],
  ])('reads %s', (text, scheme, host, port) => {
    expect(parseListener(text)).toEqual({ scheme, host, port });
  });

  it.each([
    ['http://x', "Listener doesn't have the right format (protocol://hostname:port)."],
    ['x:8083', "Listener doesn't have the right format (protocol://hostname:port)."],
    ['http://x:99999', "Listener doesn't have the right format (protocol://hostname:port)."],
    ['ftp://x:1', 'Listener protocol must be either "http" or "https".'],
  ])('refuses %s', (text, message) => {
    expect(() => parseListener(text)).toThrow(message);
  });
});

describe('advertisedAddress', () => {
  const both = [parseListener('https://b:0'), parseListener('http://a:8083')];

  it('is of the first http listener, https only where there is no other, and of the listener that is named', () => {
    expect(advertisedAddress(both, [8443, 8083], none)).toEqual({ scheme: 'http', host: 'a', port: 8083 });
    expect(advertisedAddress(both.slice(0, 1), [8443], none)).toEqual({ scheme: 'https', host: 'b', port: 8443 });
    expect(advertisedAddress(both, [8443, 8083], { ...none, scheme: 'HTTPS' })).toMatchObject({
      host: 'b',
      port: 8443,
    });
  });

  it('has host and port of the settings first', () => {
    expect(advertisedAddress(both, [1, 2], { hostName: 'public', port: 80, scheme: null })).toEqual({
      scheme: 'http',
      host: 'public',
      port: 80,
    });
  });

  it('names an address of this machine where the listener has no host', () => {
    const { host } = advertisedAddress([parseListener('http://:8083')], [], none);
    expect(host).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  it('refuses a scheme that no listener has', () => {
    expect(() => advertisedAddress([parseListener('http://:1')], [], { ...none, scheme: 'https' })).toThrow(
      'rest.advertised.listener is https, but listeners has none of that protocol',
    );
  });
});

describe('localUrlOf', () => {
  it.each([
    ['http://:0', 'http://127.0.0.1:5'],
    ['https://[::1]:0', 'https://[::1]:5'],
    ['http://0.0.0.0:0', 'http://127.0.0.1:5'],
  ])('%s -> %s', (listener, url) => {
    expect(localUrlOf(parseListener(listener), 5)).toBe(url);
  });
});
