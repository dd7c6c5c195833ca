/**
 * The settings of a registry connection, under the names that Confluent's clients use, and those of ours. A converter gets
 * them with its prefix stripped; the worker's own values serve as defaults (merged by the composition root).
 */
import { ConfigDef, type ParsedConfig } from '../sdk/config/index.ts';
import { AUTHENTICATION_SETTINGS } from './config/authentication-settings.ts';
import { CACHING_SETTINGS } from './config/caching-settings.ts';
import { CONNECTION_SETTINGS } from './config/connection-settings.ts';
import { DETECTION_SETTINGS } from './config/detection-settings.ts';
import { TLS_SETTINGS } from './config/tls-settings.ts';
import { RELEASE_SETTINGS, WAITING_SETTINGS } from './config/waiting-settings.ts';
import { WRITING_SETTINGS } from './config/writing-settings.ts';

const SETTINGS = {
  ...CONNECTION_SETTINGS,
  ...AUTHENTICATION_SETTINGS,
  ...TLS_SETTINGS,
  ...DETECTION_SETTINGS,
  ...WRITING_SETTINGS,
  ...WAITING_SETTINGS,
  ...RELEASE_SETTINGS,
  ...CACHING_SETTINGS,
} as const;

/** Every setting that a registry connection understands, beside `request.header.*`. */
export const REGISTRY_CONFIG = ConfigDef.of(SETTINGS);

/** The settings of {@link REGISTRY_CONFIG} that hold for a whole task host. */
export const RELEASE_CONFIG = ConfigDef.of(RELEASE_SETTINGS);

export type RegistryConfigValues = ParsedConfig<typeof SETTINGS>;
