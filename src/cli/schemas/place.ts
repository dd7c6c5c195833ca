/** Where a snapshot is read from or a backup is written to, as the command line names it. */
import { UsageError } from '../exit-codes.ts';

export type Place =
  /** A backup, or a folder that holds backups. */
  | { readonly kind: 'folder'; readonly path: string }
  /** undefined: the newest commit. */
  | { readonly kind: 'git'; readonly path: string; readonly commit: string | undefined }
  /** undefined: at --bootstrap-servers. */
  | { readonly kind: 'kafka'; readonly topic: string; readonly servers: string | undefined }
  /** The registry's own topic, read now. */
  | { readonly kind: 'topic' }
  /** The registry, read now over REST. */
  | { readonly kind: 'registry' };

/** Wherever a backup can be written. */
export type TargetPlace = Extract<Place, { readonly kind: 'folder' | 'git' | 'kafka' }>;

export const PLACES =
  'a folder, git:PATH[#COMMIT], kafka:TOPIC[@host:port,...], topic (read at --bootstrap-servers) or registry (read at --registry)';

/** @throws UsageError */
export function parsePlace(text: string): Place {
  if (text === 'topic' || text === 'registry') return { kind: text };
  if (text.startsWith('git:')) {
    const rest = text.slice('git:'.length);
    // A commit has no #, a path may.
    const at = rest.lastIndexOf('#');
    const [path, commit] = at === -1 ? [rest, undefined] : [rest.slice(0, at), rest.slice(at + 1)];
    if (path === '' || commit === '') throw new UsageError(`${text} is no git:PATH or git:PATH#COMMIT.`);
    if (commit?.startsWith('-') === true) throw new UsageError(`${text}: a commit does not begin with a dash.`);
    return { kind: 'git', path, commit };
  }
  if (text.startsWith('kafka:')) {
    const [, topic, servers] = /^kafka:([^@]*)(?:@(.*))?$/.exec(text) ?? [];
    if (topic === undefined || !/^[a-zA-Z0-9._-]{1,249}$/.test(topic) || servers === '') {
      throw new UsageError(`${text} is no kafka:TOPIC or kafka:TOPIC@host:port[,host:port...].`);
    }
    return { kind: 'kafka', topic, servers };
  }
  if (text === '') throw new UsageError(`A place must be ${PLACES}.`);
  return { kind: 'folder', path: text };
}

/** @throws UsageError also for what can only be read */
export function parseTargetPlace(text: string): TargetPlace {
  const place = parsePlace(text);
  if (place.kind === 'topic' || place.kind === 'registry') {
    throw new UsageError(`A backup goes to a folder, git:PATH or kafka:TOPIC[@servers], not to ${text}.`);
  }
  if (place.kind === 'git' && place.commit !== undefined) {
    throw new UsageError(`A backup goes to git:PATH, as a new commit: leave #${place.commit} out.`);
  }
  return place;
}

/** For messages; parsePlace reads it again. */
export function placeText(place: Place): string {
  switch (place.kind) {
    case 'folder':
      return place.path;
    case 'git':
      return `git:${place.path}${place.commit === undefined ? '' : `#${place.commit}`}`;
    case 'kafka':
      return `kafka:${place.topic}${place.servers === undefined ? '' : `@${place.servers}`}`;
    default:
      return place.kind;
  }
}
