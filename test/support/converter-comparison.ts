/** Whether a converter of ours wrote and read what Kafka Connect's did. */
import type { Converter, ConverterContext, HeaderConverter } from '../../src/sdk/converter.ts';
import type { Schema } from '../../src/sdk/index.ts';
import { ConnectError } from '../../src/sdk/index.ts';
import {
  comparable,
  schemaFromWire,
  schemaToWire,
  valueFromWire,
  valueToWire,
  type Wire,
  type WireSchema,
} from './connect-wire.ts';
import { comparableMessage } from './transformation-comparison.ts';

/** What is asked of a converter: to write a value, or to read bytes. */
export type Item = { readonly schema: Schema | null; readonly value: unknown } | { readonly bytes: Uint8Array | null };

export type ConverterType = ConverterContext['converterType'];

/** One converter with its settings, and what it is asked in turn. */
export interface Conversation {
  readonly className: string;
  readonly as: ConverterType;
  readonly config: Readonly<Record<string, string>>;
  readonly items: readonly Item[];
}

/** The question for ConnectOracle. */
export function questionOf({ className, as, config, items }: Conversation): Wire {
  return {
    op: 'convert',
    class: className,
    as,
    config,
    items: items.map((item) =>
      'bytes' in item
        ? { bytes: item.bytes === null ? null : Buffer.from(item.bytes).toString('base64') }
        : { schema: schemaToWire(item.schema) as unknown as Wire, value: valueToWire(item.schema, item.value) },
    ),
  };
}

/** An item of a question. */
export function itemFromWire(wire: Wire): Item {
  const { bytes, schema, value } = wire as unknown as {
    bytes?: string | null;
    schema?: WireSchema | null;
    value?: Wire;
  };
  if (bytes !== undefined) return { bytes: bytes === null ? null : Buffer.from(bytes, 'base64') };
  return { schema: schemaFromWire(schema), value: valueFromWire(value) };
}

type Either = Converter & HeaderConverter;

/** What ours answers, in the form of ConnectOracle's answers. */
export function answerOf(converter: Converter | HeaderConverter, as: ConverterType, item: Item): Wire {
  const either = converter as Either;
  try {
    if ('bytes' in item) {
      const { bytes } = item;
      const { schema, value } =
        as === 'header' ? either.toConnectHeader('topic', 'key', bytes) : either.toConnectData('topic', bytes);
      return { schema: schemaToWire(schema) as unknown as Wire, value: valueToWire(schema, value) };
    }
    const { schema, value } = item;
    const bytes =
      as === 'header'
        ? either.fromConnectHeader('topic', 'key', schema, value)
        : either.fromConnectData('topic', schema, value);
    return { bytes: bytes === null ? null : Buffer.from(bytes).toString('base64') };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    return { error: { class: error.constructor.name, message: error.message } };
  }
}

/** The two answers in a form in which they have to be equal. */
export function compared(ours: Wire, theirs: Wire): { readonly ours: Wire; readonly theirs: Wire } {
  const ourFailure = failureOf(ours);
  const theirFailure = failureOf(theirs);
  if (ourFailure !== undefined && theirFailure !== undefined) {
    const same = { ours: true, theirs: true };
    if (!theirFailure.class.endsWith('.DataException')) return same;
    return { ours: comparableMessage(ourFailure.message), theirs: comparableMessage(theirFailure.message) };
  }
  // Of numbers in a container of mixed types no schema tells the class.
  const isMixed = /"(?:key|value)":null/.test(JSON.stringify((theirs as { schema?: Wire } | null)?.schema ?? null));
  const [us, them] = isMixed ? [ours, theirs].map(untyped) : [ours, theirs];
  return { ours: comparable(readable(us as Wire)), theirs: comparable(readable(them as Wire)) };
}

function untyped(answer: Wire): Wire {
  return JSON.parse(JSON.stringify(answer).replaceAll(/"t":"[bsif]"/g, '"t":"d"')) as Wire;
}

interface Failure {
  readonly class: string;
  readonly message: string;
}

function failureOf(answer: Wire): Failure | undefined {
  return answer !== null && typeof answer === 'object' && 'error' in answer
    ? (answer.error as unknown as Failure)
    : undefined;
}

/** Bytes as text, so that a difference can be read. */
function readable(answer: Wire): Wire {
  if (answer === null || typeof answer !== 'object' || !('bytes' in answer) || typeof answer.bytes !== 'string') {
    return answer;
  }
  return { text: Buffer.from(answer.bytes, 'base64').toString('latin1') };
}
