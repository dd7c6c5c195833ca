/** Whether a transformation of ours did what Kafka Connect's did. */
import type { PluginClass, Transformation } from '../../src/sdk/index.ts';
import { comparable, recordFromWire, recordToWire, type Wire, type WireRecord } from './connect-wire.ts';

interface Failure {
  readonly error: { readonly class: string; readonly message: string };
}

/**
 * Messages in which a difference is meant:
 * - Java has a class per number type and kind of map, JavaScript not.
 * - Java shows bytes by their address or as a buffer.
 * - What Holdfast adds to a message in parentheses tells how to mend it.
 */
export function comparableMessage(message: string): string {
  return message
    .replaceAll(/java\.lang\.(?:Byte|Short|Integer|Long|Float|Double)/g, 'java.lang.Number')
    .replaceAll(/java\.util\.\w*Map/g, 'java.util.Map')
    .replaceAll(/\[B@[0-9a-f]+|java\.nio\.HeapByteBuffer\[[^\]]*\]/g, '[B')
    .replace(/ \((?:INT64|INT32|FLOAT64|MAP) takes .*\)$/, '');
}

/** A java.util.Date holds any long, JavaScript's Date 100,000,000 days either side of the epoch. */
const BEYOND_DATES = /lies beyond what a Date can hold/;

/** Where Java fails by accident, any failure will do: it is tolerated or fatal all the same. */
const ACCIDENTS = /NullPointerException|ClassCastException/;

function outcome(run: () => Wire): Wire {
  try {
    return comparable(run());
  } catch (error) {
    return { error: comparableMessage((error as Error).message) };
  }
}

function expectedOf(answer: Wire, ours: Wire, isUnordered: boolean): Wire {
  const ourFailure = ours !== null && typeof ours === 'object' && 'error' in ours ? String(ours.error) : undefined;
  if (ourFailure !== undefined && BEYOND_DATES.test(ourFailure)) return ours;
  const failure = (answer as Failure | null)?.error;
  if (failure === undefined) return comparable(answer);
  if (ourFailure !== undefined && (isUnordered || ACCIDENTS.test(failure.class))) return ours;
  return { error: comparableMessage(failure.message) };
}

/** A new instance of the class of that name. */
export function created<T>(offered: readonly PluginClass<T>[] | undefined, className: string): T {
  const found = offered?.find((each) => each.className === className);
  if (found === undefined) throw new Error(`no ${className}`);
  return new found.create();
}

/** What both made of a record, in a form in which it has to be equal. */
export function outcomesOf(
  transformation: Transformation,
  record: WireRecord,
  question: { readonly answer: Wire; readonly config: Readonly<Record<string, string>>; readonly isKey: boolean },
): { readonly ours: Wire; readonly expected: Wire } {
  const { answer, config, isKey } = question;
  const ours = outcome(() => {
    const result = transformation.apply(recordFromWire(record));
    return result === null ? { dropped: true } : (recordToWire(result) as unknown as Wire);
  });
  // Of several fields that can't be cast, which one fails is up to a HashMap in Java.
  const isUnordered =
    (isKey ? record.keySchema : record.valueSchema) === null && config['spec']?.includes(',') === true;
  return { ours, expected: expectedOf(answer, ours, isUnordered) };
}
