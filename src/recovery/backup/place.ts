/** Where a snapshot is read from or a backup is written to, as the command line and connectors name it. */
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';

export const PLACE_INVALID = defineErrorCode('holdfast.recovery.place-invalid', {
  what: 'What names a place of backups can not be read, or can not be used for what it was named for.',
  mend: 'Write a folder, git:PATH, or kafka:TOPIC[@host:port,...]; for reading also git:PATH#COMMIT, topic or registry.',
});

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

/** @throws ConfigError `holdfast.recovery.place-invalid` */
export function parsePlace(text: string): Place {
  if (text === 'topic' || text === 'registry') return { kind: text };
  if (text.startsWith('git:')) {
    const rest = text.slice('git:'.length);
    // A commit has no #, a path may.
    const at = rest.lastIndexOf('#');
    const [path, commit] = at === -1 ? [rest, undefined] : [rest.slice(0, at), rest.slice(at + 1)];
    if (path === '' || commit === '') throw invalid(`${text} is no git:PATH or git:PATH#COMMIT.`);
    if (commit?.startsWith('-') === true) throw invalid(`${text}: a commit does not begin with a dash.`);
    return { kind: 'git', path, commit };
  }
  if (text.startsWith('kafka:')) {
    const [, topic, servers] = /^kafka:([^@]*)(?:@(.*))?$/.exec(text) ?? [];
    if (topic === undefined || !/^[a-zA-Z0-9._-]{1,249}$/.test(topic) || servers === '') {
      throw invalid(`${text} is no kafka:TOPIC or kafka:TOPIC@host:port[,host:port...].`);
    }
    return { kind: 'kafka', topic, servers };
  }
  if (text === '') throw invalid(`A place must be ${PLACES}.`);
  return { kind: 'folder', path: text };
}

/** @throws ConfigError `holdfast.recovery.place-invalid`, also for what can only be read */
export function parseTargetPlace(text: string): TargetPlace {
  const place = parsePlace(text);
  if (place.kind === 'topic' || place.kind === 'registry') {
    throw invalid(`A backup goes to a folder, git:PATH or kafka:TOPIC[@servers], not to ${text}.`);
  }
  if (place.kind === 'git' && place.commit !== undefined) {
    throw invalid(`A backup goes to git:PATH, as a new commit: leave #${place.commit} out.`);
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

function invalid(message: string): ConfigError {
  return new ConfigError(message, { code: PLACE_INVALID });
}
