/** Shown by the REST API for every connector of this folder. */
export const VERSION = '0.1.0';
