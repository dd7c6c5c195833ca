// Runs a TypeScript program of this repository on any supported Node: `node scripts/run-ts.mjs bench/run.ts [args...]`. Node 20 can't strip types, and compiled files
// would lose their place beside the resources they read.
import { resolve } from 'node:path';
import process from 'node:process';
import { createServer, createServerModuleRunner } from 'vite';

const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node scripts/run-ts.mjs <file.ts> [args...]');
  process.exit(1);
}
const server = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true, include: [] },
  ssr: { resolve: { conditions: ['holdfast-source', 'node', 'import', 'default'], externalConditions: ['node'] } },
});
process.argv = [process.argv[0], resolve(file), ...args];
let code = 0;
try {
  await createServerModuleRunner(server.environments.ssr, { hmr: false }).import(resolve(file));
} catch (error) {
  console.error(error);
  code = 1;
}
await server.close();
process.exit(process.exitCode ?? code);
