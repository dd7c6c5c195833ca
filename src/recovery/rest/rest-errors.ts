/** What goes wrong between us and a live registry. */
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';

export const REST_UNAVAILABLE = defineErrorCode('holdfast.recovery.rest-unavailable', {
  what: 'A node of the registry gave no usable answer for as long as was waited for it.',
  mend: 'Bring the node that the message names back, and run the same command again: what was done is found done.',
});

export const REST_REFUSED = defineErrorCode('holdfast.recovery.rest-refused', {
  what: 'The registry does not let us in, or what answers under the URL is no registry.',
  mend: 'Check --registry, and the credentials and TLS settings of --registry-config.',
});

export const REST_DENIED = defineErrorCode('holdfast.recovery.rest-denied', {
  what: 'The registry refused a request that a restore needs.',
  mend: "Read the registry's own words in the message. Nothing after that request was sent; the undo file takes back what was done before.",
});

export function isDenied(error: unknown): boolean {
  return error instanceof ConnectError && error.code === REST_DENIED;
}

/** A node that can't be asked, for whatever reason: others may be. */
export function isSilence(error: unknown): error is ConnectError {
  return error instanceof ConnectError && (error.code === REST_UNAVAILABLE || error.code === REST_REFUSED);
}

export const REST_NO_IMPORT = defineErrorCode('holdfast.recovery.rest-no-import', {
  what: 'The registry can not take schemas under ids that are given to it, so nothing was written.',
  mend: 'Stop the registry and restore into a new topic (--into new-topic), or use a registry that has mode IMPORT.',
});

export const REST_CONFLICT = defineErrorCode('holdfast.recovery.rest-conflict', {
  what: 'The registry has other schemas under ids or versions that are to be restored, or the same schema as another version of the subject, so nothing was written.',
  mend: 'Leave the subjects out (--only), restore them under other names or into a context (--map), or restore into a new topic.',
});

export const REST_CYCLE = defineErrorCode('holdfast.recovery.rest-reference-cycle', {
  what: 'Schemas refer to each other in a circle, and no registry takes the first of them over REST.',
  mend: 'Restore into a new topic (--into new-topic), or leave the subjects out that the message names (--only).',
});
