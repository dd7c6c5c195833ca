import { createRequire } from 'node:module';

/** The version of this package, by its own name: the same from sources and from dist. */
export function packageVersion(): string {
  const require = createRequire(import.meta.url);
  return (require('holdfast/package.json') as { readonly version: string }).version;
}
