/**
 * The archive that Apicurio's `/admin/import` takes, with the ids that schemas had. Measured with 3.0.9: an id of the Confluent-compatible API
 * is a content id, and is kept; versions keep their numbers, gaps included; DISABLED is a soft-deleted version; what is there already is
 * passed over in silence, whether it is the same or not; the next id is one above the highest; references need not be there before.
 */
import { createHash } from 'node:crypto';
import type { JsonObject, SchemaValue } from '../records/schemas-record.ts';
import { APICURIO_API } from './node-identity.ts';
import { zipArchive } from './zip-archive.ts';

/** Into a registry that has other things as well. */
export const ARCHIVE_PATH = `${APICURIO_API}/admin/import?requireEmptyRegistry=false`;

/** Global ids are not those that records carry, and may be taken. */
export const ARCHIVE_HEADERS = {
  'content-type': 'application/zip',
  'x-registry-preserve-globalid': 'false',
  'x-registry-preserve-contentid': 'true',
} as const;

export interface ArchivedVersion extends SchemaValue {
  /** Another id has the same schema. Apicurio knows a content by its hash, and would take only one of the two. */
  readonly repeated?: boolean;
}

/** The versions in the body of a step; undefined: it is a step like any other. */
export function archiveIn({ archive }: JsonObject): readonly ArchivedVersion[] | undefined {
  return Array.isArray(archive) ? (archive as readonly ArchivedVersion[]) : undefined;
}

/** @param versions of whole subjects: the order of a subject's versions is written once */
export function apicurioArchive(versions: readonly ArchivedVersion[]): Uint8Array {
  const manifest = {
    ...{ systemVersion: '3.0.9', systemName: 'Holdfast', systemDescription: 'Schemas of a backup' },
    ...{ exportVersion: '3.0', exportedOn: 0, exportedBy: '', dbVersion: '101' },
  };
  const entries: [string, string][] = [['manifest-1.Manifest.json', JSON.stringify(manifest)]];
  const contents = new Set<number>();
  const bySubject = new Map<string, ArchivedVersion[]>();
  for (const version of versions) {
    if (!contents.has(version.id)) entries.push(...contentOf(version));
    contents.add(version.id);
    bySubject.set(version.subject, [...(bySubject.get(version.subject) ?? []), version]);
  }
  let folder = 0;
  for (const [subject, own] of bySubject) {
    // The names of folders have no meaning: names of subjects may hold anything.
    const path = `groups/default/artifacts/${++folder}`;
    entries.push([`${path}/MetaData.Artifact.json`, JSON.stringify(artifactOf(subject, own))]);
    for (const version of own) {
      entries.push([`${path}/versions/${version.version}.ArtifactVersion.json`, JSON.stringify(versionOf(version))]);
    }
    entries.push([`${path}/branches/latest.Branch.json`, JSON.stringify(branchOf(subject, own))]);
  }
  return zipArchive(entries);
}

const STAMPS = { owner: '', createdOn: 1, modifiedBy: '', modifiedOn: 1 } as const;

function contentOf(version: ArchivedVersion): [string, string][] {
  const { id, schema, schemaType, references, repeated = false } = version;
  const serializedReferences =
    references.length === 0
      ? null
      : JSON.stringify(
          references.map(({ name, subject, version: number }) => ({
            ...{ groupId: null, artifactId: subject, version: String(number), name },
          })),
        );
  const hash = createHash('sha256')
    .update(schema)
    .update(serializedReferences ?? '')
    .update(repeated ? `id ${id}` : '')
    .digest('hex');
  const contentType = schemaType === 'PROTOBUF' ? 'application/x-protobuf' : 'application/json';
  const facts = {
    ...{ contentId: id, canonicalHash: hash, contentHash: hash },
    ...{ artifactType: null, contentType, serializedReferences },
  };
  return [
    [`content/${hash}.Content.json`, JSON.stringify(facts)],
    [`content/${hash}.Content.data`, schema],
  ];
}

function artifactOf(subject: string, versions: readonly SchemaValue[]): object {
  const artifactType = versions.at(-1)?.schemaType ?? 'AVRO';
  return { groupId: null, artifactId: subject, artifactType, name: null, description: null, labels: null, ...STAMPS };
}

function versionOf({ subject, version, id, deleted }: SchemaValue): object {
  return {
    ...{ globalId: id, groupId: null, artifactId: subject, version: String(version), versionOrder: version },
    ...{ state: deleted ? 'DISABLED' : 'ENABLED', name: null, description: null, labels: null, contentId: id },
    ...STAMPS,
  };
}

function branchOf(subject: string, versions: readonly SchemaValue[]): object {
  return {
    ...{ groupId: null, artifactId: subject, branchId: 'latest', description: null, systemDefined: true },
    ...{ versions: versions.map(({ version }) => String(version)), ...STAMPS },
  };
}
