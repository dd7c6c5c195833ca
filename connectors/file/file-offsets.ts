/** The offsets of the file sources: `{"filename": path}` -> `{"position": bytes}`, as Kafka Connect's FileStreamSource stores them. */
import { ConnectError, type OffsetMap, type OffsetStorageReader } from 'holdfast/sdk';
import { FILE_OFFSET_INVALID } from './errors.ts';

export const FILENAME_FIELD = 'filename';
export const POSITION_FIELD = 'position';

/** The stored offset of a file; null if there is none. Throws if its position is no integer from 0. */
export async function storedOffset(
  reader: OffsetStorageReader,
  file: string,
): Promise<{ readonly position: number; readonly offset: OffsetMap } | null> {
  const offset = await reader.offset({ [FILENAME_FIELD]: file });
  if (offset === null) return null;
  const position = integerOf(offset[POSITION_FIELD] ?? null);
  if (position === null || position < 0) {
    throw new ConnectError(`Offset position is the incorrect type: the offset stored for '${file}' is not usable.`, {
      code: FILE_OFFSET_INVALID,
    });
  }
  return { position, offset };
}

/** Refuses offsets that the task could not start from, in Kafka Connect's words. Nothing is kept outside of the worker. */
export function checkAlteredOffsets(
  file: string | null,
  offsets: readonly { readonly partition: OffsetMap; readonly offset: OffsetMap | null }[],
): void {
  if (file === null) {
    refuse(
      "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked.",
    );
  }
  for (const { partition, offset } of offsets) {
    // Whatever partition it is of, so that what an earlier configuration or a mistake left behind can be taken away.
    if (offset === null) continue;
    if (!Object.hasOwn(offset, POSITION_FIELD)) {
      refuse(`Offset objects should either be null or contain the key '${POSITION_FIELD}'`);
    }
    const position = integerOf(offset[POSITION_FIELD] ?? null);
    if (position === null) {
      refuse(`The value for the '${POSITION_FIELD}' key in the offset is expected to be a Long value`);
    }
    if (position < 0) {
      refuse(`The value for the '${POSITION_FIELD}' key in the offset should be a non-negative value`);
    }
    if ((partition as OffsetMap | null | undefined) === null || partition === undefined) {
      refuse('Partition objects cannot be null');
    }
    if (!Object.hasOwn(partition, FILENAME_FIELD)) {
      refuse(`Partition objects should contain the key '${FILENAME_FIELD}'`);
    }
  }
}

function refuse(message: string): never {
  throw new ConnectError(message, { code: FILE_OFFSET_INVALID });
}

function integerOf(value: OffsetMap[string]): number | null {
  if (typeof value === 'bigint') return BigInt.asIntN(64, value) === value ? Number(value) : null;
  return typeof value === 'number' && Number.isInteger(value) ? value : null;
}
