import { describe, expect, it } from 'vitest';
import {
  classify,
  type FailureClass,
  type FailureContext,
  type Operation,
  type Outcome,
} from '../../../src/registry/failure-classes.ts';

const transport = (code: string, phase: 'connect' | 'exchange' | 'timeout' = 'connect'): Outcome => ({
  kind: 'transport',
  code,
  phase,
});
const answer = (status: number, errorCode?: number, shape: 'expected' | 'error' | 'other' = 'error'): Outcome => ({
  kind: 'answer',
  status,
  errorCode,
  shape,
});

const park: FailureClass = { class: 'park', outcomeUnknown: false };
const parkUnknown: FailureClass = { class: 'park', outcomeUnknown: true };
const misleading: FailureClass = { class: 'park', outcomeUnknown: false, misleading: true };
const served: FailureContext = { servedBefore: true };
const data: FailureClass = { class: 'data', recheck: false };
const recheck: FailureClass = { class: 'data', recheck: true };

type Row = readonly [name: string, Operation, Outcome, FailureContext, FailureClass];

/** One row per line of the table of failures. */
const rows: readonly Row[] = [
  // Transport: passes. What was never sent has a known outcome.
  ['refused', 'by-id', transport('ECONNREFUSED'), {}, park],
  ['refused, registering', 'register', transport('ECONNREFUSED'), {}, park],
  ['reset, reading', 'by-id', transport('ECONNRESET', 'exchange'), {}, park],
  ['reset, registering', 'register', transport('ECONNRESET', 'exchange'), {}, parkUnknown],
  ['broken pipe, registering', 'register', transport('EPIPE', 'exchange'), {}, parkUnknown],
  ['host unreachable', 'lookup', transport('EHOSTUNREACH'), {}, park],
  ['name not found', 'by-id', transport('ENOTFOUND'), {}, park],
  ['name server away', 'by-id', transport('EAI_AGAIN'), {}, park],
  ['socket hang-up', 'register', transport('UND_ERR_SOCKET', 'exchange'), {}, parkUnknown],
  ['TLS reset', 'by-id', transport('ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'exchange'), {}, park],
  ['client timeout, reading', 'version', transport('TIMEOUT', 'timeout'), {}, park],
  ['client timeout, registering', 'register', transport('TIMEOUT', 'timeout'), {}, parkUnknown],
  ['no HTTP at all', 'by-id', transport('HPE_INVALID_CONSTANT', 'exchange'), {}, park],
  // Transport: wrong for ever.
  ['certificate expired', 'by-id', transport('CERT_HAS_EXPIRED'), {}, { class: 'config' }],
  ['unknown authority', 'register', transport('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), {}, { class: 'config' }],
  ['wrong host name', 'by-id', transport('ERR_TLS_CERT_ALTNAME_INVALID'), {}, { class: 'config' }],
  ['TLS to a plain port', 'by-id', transport('ERR_SSL_WRONG_VERSION_NUMBER'), {}, { class: 'config' }],
  ['malformed URL', 'by-id', transport('ERR_INVALID_URL'), {}, { class: 'config' }],
  // 5xx and their codes.
  ...([50001, 50002, 50003, 50004, 50005, 500, 99999] as const).flatMap((code): Row[] => [
    [`500/${code}, reading`, 'by-id', answer(500, code), {}, park],
    [`500/${code}, registering`, 'register', answer(500, code), {}, parkUnknown],
  ]),
  ['plain-text 500', 'register', answer(500, undefined, 'other'), {}, parkUnknown],
  ...[502, 503, 504, 408, 425].map(
    (status): Row => [`${status}`, 'lookup', answer(status, undefined, 'other'), {}, park],
  ),
  ['HTML 502, registering', 'register', answer(502, undefined, 'other'), {}, parkUnknown],
  // 429 was not carried out.
  ['429', 'register', answer(429), {}, park],
  [
    '429 with Retry-After',
    'by-id',
    { ...answer(429), retryAfterMs: 7000 } as Outcome,
    {},
    { class: 'park', outcomeUnknown: false, retryAfterMs: 7000 },
  ],
  [
    '503 with Retry-After',
    'register',
    { ...answer(503), retryAfterMs: 2000 } as Outcome,
    {},
    { class: 'park', outcomeUnknown: true, retryAfterMs: 2000 },
  ],
  // Credentials.
  ['401', 'by-id', answer(401, 40101), {}, { class: 'refresh-credentials' }],
  ['403', 'register', answer(403, 40301), {}, { class: 'refresh-credentials' }],
  ['401 again', 'by-id', answer(401, 40101), { credentialsRefreshed: true }, { class: 'config' }],
  // Absence.
  ['id of a record', 'by-id', answer(404, 40403), {}, { class: 'refresh-and-retry' }],
  ['subject-qualified id', 'by-id', answer(404, 40401), {}, { class: 'refresh-and-retry' }],
  ['subject that was seen', 'version', answer(404, 40401), { seenBefore: true }, { class: 'refresh-and-retry' }],
  ['version that was seen', 'version', answer(404, 40402), { seenBefore: true }, { class: 'refresh-and-retry' }],
  ['new subject', 'lookup', answer(404, 40401), {}, { class: 'negative' }],
  ['new schema of a subject', 'lookup', answer(404, 40403), {}, { class: 'negative' }],
  ['new subject after an outage', 'lookup', answer(404, 40401), { settling: true }, { class: 'refresh-and-retry' }],
  ['soft-deleted', 'version', answer(404, 40404), {}, data],
  ['no setting of its own', 'version', answer(404, 40408), {}, { class: 'negative' }],
  ['no setting of its own, by id', 'by-id', answer(404, 40408), {}, { class: 'negative' }],
  ['a code of a later version', 'version', answer(404, 40499), { seenBefore: true }, { class: 'negative' }],
  ['association', 'lookup', answer(404, 40410), {}, data],
  ['404 of a proxy', 'by-id', answer(404, undefined, 'other'), {}, { class: 'config' }],
  ['a path that the registry lacks', 'register', answer(404, 404, 'error'), {}, { class: 'config' }],
  ['a path that the registry lacks', 'lookup', answer(404, 404, 'error'), { settling: true }, { class: 'config' }],
  ['a path that the registry lacks', 'by-id', answer(404, 404, 'error'), {}, { class: 'config' }],
  // Incompatible.
  ['409/409', 'register', answer(409, 409), {}, data],
  ['409/40901', 'register', answer(409, 40901), {}, data],
  ['409 after an outage', 'register', answer(409, 409), { settling: true }, recheck],
  ['409 rechecked', 'register', answer(409, 409), { settling: true, rechecked: true }, data],
  // Invalid.
  ...[42201, 42202, 42203, 42206, 42207, 42208, 42209, 42210, 422].map(
    (code): Row => [`422/${code}`, 'register', answer(422, code), {}, data],
  ),
  ['42201 with references', 'register', answer(422, 42201), { hasReferences: true }, recheck],
  ['42203 with references', 'register', answer(422, 42203), { hasReferences: true }, data],
  ['422 without a code', 'register', answer(422), { hasReferences: true }, data],
  ['42201 with references, again', 'register', answer(422, 42201), { hasReferences: true, rechecked: true }, data],
  // Read-only.
  ['42205', 'register', answer(422, 42205), {}, { class: 'needs-mode' }],
  [
    '42205 in READONLY',
    'register',
    answer(422, 42205),
    { mode: 'READONLY' },
    { class: 'park-read-only', mode: 'READONLY' },
  ],
  ...['READONLY_OVERRIDE', 'FORWARD'].map(
    (mode): Row => [`42205 in ${mode}`, 'register', answer(422, 42205), { mode }, { class: 'park-read-only', mode }],
  ),
  ['42205 in IMPORT', 'register', answer(422, 42205), { mode: 'IMPORT' }, { class: 'park-read-only', mode: 'IMPORT' }],
  ['42205 in READWRITE', 'register', answer(422, 42205), { mode: 'READWRITE' }, recheck],
  ['42205 in READWRITE, again', 'register', answer(422, 42205), { mode: 'READWRITE', rechecked: true }, data],
  ['42205 without modes', 'register', answer(422, 42205), { mode: null, rechecked: true }, data],
  // Not for a registry.
  ...[405, 415, 400, 301, 302].map(
    (status): Row => [`${status}`, 'register', answer(status, undefined, 'other'), {}, { class: 'config' }],
  ),
  // The same from a registry that served before with these settings: something before it is out of order.
  ...[400, 404, 405, 415, 301, 302].map(
    (status): Row => [`${status}, served before`, 'register', answer(status, undefined, 'other'), served, misleading],
  ),
  ['404/404, served before', 'lookup', answer(404, 404), served, misleading],
  ['401, served before', 'by-id', answer(401, 40101), served, { class: 'refresh-credentials' }],
  ['401 again, served before', 'by-id', answer(401, 40101), { ...served, credentialsRefreshed: true }, misleading],
  ['403 again, served before', 'register', answer(403), { ...served, credentialsRefreshed: true }, misleading],
  ['certificate expired, served before', 'register', transport('CERT_HAS_EXPIRED', 'exchange'), served, misleading],
  ['proxy wants a login, served before', 'by-id', transport('PROXY_407'), served, misleading],
  // What speaks of schemas means what it always means.
  ['id of a record, served before', 'by-id', answer(404, 40403), served, { class: 'refresh-and-retry' }],
  ['new subject, served before', 'lookup', answer(404, 40401), served, { class: 'negative' }],
  ['409, served before', 'register', answer(409, 40901), served, data],
  ['42201, served before', 'register', answer(422, 42201), served, data],
  // Success, and what only looks like it.
  ['200', 'by-id', answer(200, undefined, 'expected'), {}, { class: 'ok' }],
  ['200 with a page', 'by-id', answer(200, undefined, 'other'), {}, park],
  ['200 with a page, registering', 'register', answer(200, undefined, 'other'), {}, parkUnknown],
  ['404 of a resource that not all vendors have', 'meta', answer(404, 404), {}, { class: 'negative' }],
];

describe('classify', () => {
  it.each(rows)('%s', (_name, operation, outcome, context, expected) => {
    expect(classify(operation, outcome, context)).toEqual(expected);
  });
});
