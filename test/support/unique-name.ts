import { randomBytes } from 'node:crypto';

/** A name for a topic, group or connector that no other test uses, for example `orders-4f1d9c2ab07e`. */
export function uniqueName(prefix = 'test'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
