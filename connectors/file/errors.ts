/** What can go wrong with a file, and whether waiting helps. */
import { ConnectError, DataError, defineErrorCode, EnvironmentError } from 'holdfast/sdk';

export const FILE_UNREADABLE = defineErrorCode('holdfast.file.unreadable', {
  what: 'A file or its folder cannot be opened or read.',
  mend: "Give the worker's user the right to read the file and to enter its folders, or correct `file`; then restart the task.",
});

export const FILE_UNWRITABLE = defineErrorCode('holdfast.file.unwritable', {
  what: 'A file cannot be created or written.',
  mend: "Create its folder, give the worker's user the right to write there, or correct `file`; then restart the task.",
});

export const FILE_NOT_REGULAR = defineErrorCode('holdfast.file.not-regular', {
  what: 'The setting `file` names a folder, a pipe or a device, where a regular file is needed.',
  mend: 'Name a regular file; to read from a pipe, leave `file` out and use the standard input.',
});

export const FILE_STORAGE_AWAY = defineErrorCode('holdfast.file.storage-unavailable', {
  what: 'The storage under a file is full, over quota or does not answer.',
  mend: 'Free space or bring the storage back. The task waits for it and goes on by itself.',
});

export const FILE_LINE_TOO_LONG = defineErrorCode('holdfast.file.line-too-long', {
  what: 'A line or record of a file is longer than the connector may keep in memory.',
  mend: 'Raise max.line.bytes (max.record.bytes), or correct the file: a quote that is never closed has the same effect.',
});

export const FILE_BAD_RECORD = defineErrorCode('holdfast.file.bad-record', {
  what: 'A row or JSON document of a file is malformed, or does not fit the schema.',
  mend: 'Correct the place that the message names, give a schema that holds it, or infer the schema from more rows.',
});

export const FILE_WRITE_LOST = defineErrorCode('holdfast.file.write-lost', {
  what: 'The system failed to make writes durable, so the records since the last flush have to come again.',
  mend: 'Look after the storage. The records are delivered again; some may be in the file twice.',
});

export const FILE_OFFSET_INVALID = defineErrorCode('holdfast.file.offset-invalid', {
  what: 'An offset is not of the shape that this connector stores.',
  mend: 'Reset or alter the offsets of the connector: {"filename": …} and {"position": bytes}.',
});

/** Waiting can mend these: a disk gets room, a mount comes back, other files are closed. */
const PASSING = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'ESTALE',
  'EMFILE',
  'ENFILE',
  'EAGAIN',
  'EBUSY',
  'ENOMEM',
  'ETIMEDOUT',
  'EHOSTDOWN',
  'ENOTCONN',
  'ENODEV',
  'ENXIO',
]);

/** Node's code of a failed call, or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

const READ_REASONS: Readonly<Record<string, string>> = {
  EACCES: "the worker's user may not read it or enter one of its folders",
  EPERM: 'the system does not permit it',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'its name is too long',
};

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ...READ_REASONS,
  EACCES: "the worker's user may not write it or enter one of its folders",
  ENOENT: 'its folder does not exist',
  EFBIG: 'it would become larger than the system allows',
};

/** The error to throw for a failed call on `path`: what it was about decides between waiting and failing. */
export function readFailure(path: string, error: unknown): ConnectError {
  return failure(path, error, 'read', READ_REASONS, FILE_UNREADABLE);
}

/** As {@link readFailure}, for writing. Invariant 3: a full disk parks the task, it doesn't fail it. */
export function writeFailure(path: string, error: unknown): ConnectError {
  return failure(path, error, 'write', WRITE_REASONS, FILE_UNWRITABLE);
}

function failure(
  path: string,
  error: unknown,
  verb: 'read' | 'write',
  reasons: Readonly<Record<string, string>>,
  code: string,
): ConnectError {
  if (error instanceof ConnectError) return error;
  const system = systemCode(error);
  if (system === 'EISDIR') return notRegular(path, 'a folder');
  if (system !== undefined && PASSING.has(system)) {
    const why = system === 'ENOSPC' ? 'no space is left on its disk' : `its storage answers ${system}`;
    return new EnvironmentError(`Cannot ${verb} the file '${path}': ${why}.`, {
      code: FILE_STORAGE_AWAY,
      cause: error,
    });
  }
  const why = reasons[system ?? ''] ?? (error instanceof Error ? error.message : String(error));
  return new ConnectError(
    `Cannot ${verb} the file '${path}': ${why}${system === undefined ? '' : ` (${system})`}. Mend that, then restart the task.`,
    { code, cause: error },
  );
}

export function notRegular(path: string, what: string): ConnectError {
  return new ConnectError(`'${path}' is ${what}, and no regular file: correct the setting 'file'.`, {
    code: FILE_NOT_REGULAR,
  });
}

export function lineTooLong(path: string, position: number, limit: number, setting: string): DataError {
  return new DataError(
    `The ${setting === 'max.line.bytes' ? 'line' : 'record'} at byte ${position} of '${path}' is longer than ${limit} bytes: raise ${setting}, or correct the file.`,
    { code: FILE_LINE_TOO_LONG },
  );
}
