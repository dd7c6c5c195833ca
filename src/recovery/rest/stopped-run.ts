/** What a run of a plan that was refused half way leaves behind, told with the refusal. */
import { DataError } from '../../sdk/errors/kinds.ts';
import { isJsonObject } from '../records/json-bytes.ts';
import type { RegistryApi } from './registry-api.ts';
import { REST_DENIED } from './rest-errors.ts';
import type { RequestStep } from './restore-steps.ts';

const NAMED = 20;

/** Which places a run has put into mode IMPORT and not out of it. */
export class ImportPlaces {
  private readonly places = new Map<string, string>();

  /** Of a step that is done. */
  done({ method, path, body }: RequestStep): void {
    const [, encoded] = /^\/mode(?:\/([^?]+))?(?:\?|$)/.exec(path) ?? [];
    if (!path.startsWith('/mode')) return;
    const place = decodeURIComponent(encoded ?? '');
    const isEntered = method === 'PUT' && isJsonObject(body) && body['mode'] === 'IMPORT';
    if (isEntered) this.places.set(place, encoded === undefined ? '/mode' : `/mode/${encoded}`);
    else this.places.delete(place);
  }

  /** In words, as the registry tells it now; what it does not tell, as this run left it. The rest of very many is not asked for. */
  async stillOn(api: RegistryApi, signal: AbortSignal): Promise<readonly string[]> {
    const on: string[] = [];
    for (const [place, path] of this.places) {
      const name = place === '' ? 'the whole registry' : place;
      const isOver = on.length <= NAMED && (await isLeft(api, path, signal));
      if (!isOver) on.push(name);
    }
    return on;
  }
}

async function isLeft(api: RegistryApi, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { status, json } = await api.ask('GET', path, signal);
    return status === 404 || (isJsonObject(json) && typeof json['mode'] === 'string' && json['mode'] !== 'IMPORT');
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** The refusal, with which step it was, and where IMPORT is still on. */
export function stoppedAt(
  refusal: DataError,
  where: { readonly step: RequestStep; readonly number: number; readonly steps: number },
  stillOn: readonly string[],
): DataError {
  const { step, number, steps } = where;
  const shown = stillOn.slice(0, NAMED).join(', ');
  const more = stillOn.length > NAMED ? ` and ${stillOn.length - NAMED} more` : '';
  const on =
    stillOn.length === 0
      ? 'No mode IMPORT is left on.'
      : `Mode IMPORT is still on for ${shown}${more}: nobody else can register there until you go on or back.`;
  return new DataError(`Step ${number} of ${steps}${versionOf(step)}: ${refusal.message} ${on}`, {
    code: REST_DENIED,
    cause: refusal,
    details: { ...refusal.details, step: number, importStillOn: stillOn.slice(0, 1000) },
  });
}

function versionOf({ body }: RequestStep): string {
  if (!isJsonObject(body) || typeof body['version'] !== 'number') return '';
  return ` (version ${body['version']}, id ${String(body['id'])})`;
}
