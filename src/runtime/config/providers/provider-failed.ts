import { defineErrorCode } from '../../../sdk/errors/codes.ts';

export const PROVIDER_FAILED = defineErrorCode('holdfast.config-provider.failed', {
  what: 'A config provider could not look up a value that a configuration asks it for.',
  mend: 'Read the cause: check that the path exists and may be read by the worker, or that the system behind the provider answers.',
});
