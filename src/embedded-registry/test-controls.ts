/** What tests may do to a node in another process, over its port. There only where it was asked for, and only on the loopback interface. */
import { ok, type RegistryAnswer } from './registry-answer.ts';
import type { ReplicaLag } from './replica.ts';
import type { RegistryRequest } from './routes.ts';

/** In front of every control; no registry has such a path. */
export const TEST_CONTROLS_PATH = '/_test/';

/**
 * `POST /_test/lag?ms=N`: records reach the node's view N ms late. `POST /_test/pause-reading`, `POST /_test/resume-reading`: nothing new
 * reaches it in between, as of a node that replays its topic for ever.
 */
export function testControl(lag: ReplicaLag, { method, path }: RegistryRequest): RegistryAnswer {
  const { pathname, searchParams } = new URL(path, 'http://registry');
  const control = `${method} ${pathname.slice(TEST_CONTROLS_PATH.length)}`;
  if (control === 'POST pause-reading') lag.hold();
  else if (control === 'POST resume-reading') lag.release();
  else if (control === 'POST lag') {
    const lagMs = Number(searchParams.get('ms') ?? 'none');
    if (!Number.isFinite(lagMs) || lagMs < 0) return { status: 400, body: { message: 'lag needs ?ms=N' } };
    lag.set(lagMs);
  } else return { status: 404, body: { message: `There is no control ${control}.` } };
  return ok({});
}
