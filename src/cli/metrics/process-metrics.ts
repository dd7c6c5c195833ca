/** Memory, CPU, file descriptors, event loop and garbage collection, under the names that Prometheus clients give them. */
import { collectDefaultMetrics, Registry } from 'prom-client';

let ofProcess: Registry | undefined;

/** Of the process, whatever the number of workers in it: measuring is begun once, and can't be ended. */
export function processMetrics(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}
