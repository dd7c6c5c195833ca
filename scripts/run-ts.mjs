// Runs a TypeScript program of this repository on any supported Node: `node scripts/run-ts.mjs bench/run.ts [args...]`. Node 20 can't strip types, and compiled files
// would lose their place beside the resources they read.
import { register } from 'node:module';
import { resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/run-ts.mjs <file.ts> [args...]');
  process.exit(1);
}
register('./ts-loader.mjs', import.meta.url);
process.argv = [process.argv[0], resolve(file), ...args];
let code = 0;
try {
  await import(pathToFileURL(resolve(file)).href);
} catch (error) {
  console.error(error);
  code = 1;
}
process.exit(process.exitCode ?? code);
