/** What may be wrong with what the records say together. */
import type { FindingKind } from './finding.ts';

export const STATE_KINDS = {
  'duplicate-id': {
    severity: 'error',
    what: 'One id, two schemas: data that carries it may mean either.',
    vendors: {
      confluent: 'the first in the log wins, and the later version is dropped',
      karapace: 'the last one answers for the id, both subjects keep their own',
    },
    mend: 'holdfast schemas repair duplicate-ids lists both, with --used-by the data that carries the id, and with --give-new-id gives one of them its own.',
  },
  'same-id-other-form': {
    severity: 'warning',
    what: 'One id, one schema, but its texts differ in blanks or the order of keys.',
    vendors: { confluent: 'the first in the log wins, and the later version is dropped', karapace: 'no difference' },
    mend: 'holdfast schemas repair duplicate-ids --give-new-id, before Confluent reads this topic.',
  },
  'same-content-several-ids': {
    severity: 'warning',
    what: 'One schema has several ids in one context: registering it again answers one of them by chance.',
    mend: 'Nothing while all of them resolve; keep all when you restore.',
  },
  'unparsable-schema': {
    severity: 'error',
    what: 'The text is no schema of its type, or a Protobuf file whose imports no reference has, or lack a type that it uses.',
    vendors: {
      confluent: 'kept and served by id; fails where it is parsed',
      karapace: 'kept if it is JSON, else passed over: 40403',
    },
    mend: 'Restore the version from a backup; where there is none, holdfast schemas repair corrupt-records --drop-unparsable leaves it out.',
  },
  'unchecked-schema': {
    severity: 'warning',
    what: 'A text that could not be parsed here, and that some registry or client may read: another edition, release or order, or deep nesting.',
    mend: 'Nothing, if all who read it can; else register a version that they can. --drop-unparsable leaves it where it is.',
  },
  'invalid-json-schema': {
    severity: 'warning',
    what: 'The text is JSON, but no valid JSON Schema of its draft.',
    mend: 'Register a right version; the old one stays for old data.',
  },
  'unchecked-json-schema': {
    severity: 'note',
    what: 'A JSON Schema of a draft that is not known here: only that it is JSON is certain.',
    mend: 'Nothing, if its $schema is right.',
  },
  'unknown-schema-type': {
    severity: 'error',
    what: 'A schema type beside AVRO, JSON and PROTOBUF.',
    vendors: { confluent: 'needs a provider of its own (schema.providers)', karapace: 'passed over: 40403' },
    mend: 'Install the provider, or leave the record out: holdfast schemas repair corrupt-records --drop-unparsable.',
  },
  'dangling-reference': {
    severity: 'error',
    what: 'A reference to a version that is not there. (A warning where a soft-deleted version has it.)',
    vendors: {
      confluent: 'kept; fails to resolve',
      karapace: 'passed over: 40403, and its id 40401; it takes names as they are, without contexts',
    },
    mend: 'Restore the version that it refers to from a backup, in place; if none has it, leave the record out: holdfast schemas repair corrupt-records --drop-offset.',
  },
  'deleted-but-referred': {
    severity: 'error',
    what: 'A version was purged while others refer to it. (A warning where those are soft-deleted.)',
    vendors: { confluent: 'the others fail to resolve', karapace: 'the others are passed over after a restart' },
    mend: 'Restore the version from a backup, in place.',
  },
  'reference-in-context': {
    severity: 'note',
    what: "A reference without a context from a schema that has one: Confluent's registry looks for it in that context, where it is. (A warning where Karapace wrote to the topic.)",
    vendors: { confluent: 'resolves', karapace: 'passed over: 40403; it takes names as they are, without contexts' },
    mend: "Nothing, while only Confluent's registry reads this topic; before Karapace does, register what is referred to under its name without the context, too.",
  },
  'reference-to-deleted': {
    severity: 'warning',
    what: 'A reference to a version that is soft-deleted.',
    vendors: {
      confluent: 'resolves',
      karapace: 'passed over if it is read after the deletion, as compaction may make it',
    },
    mend: 'holdfast schemas repair undelete SUBJECT:VERSION for the version that is referred to.',
  },
  'reference-before-target': {
    severity: 'warning',
    what: 'A schema lies before the version that it refers to in the log, or will once compaction has removed what lies before it of that version.',
    vendors: { confluent: 'resolves', karapace: 'passed over when it starts: 40403, and its id 40401' },
    mend: 'holdfast schemas repair reference-order writes it again behind that one; so does a restore into a new topic, and one in place with what it writes.',
  },
  'cyclic-reference': {
    severity: 'error',
    what: 'References in a circle: no order of registering leads there.',
    vendors: { confluent: 'fails to resolve', karapace: 'passed over: 40403' },
    mend: 'Leave the records of the circle out that came last: holdfast schemas repair corrupt-records --drop-offset. No registry deletes what is referred to.',
  },
  'version-gap': {
    severity: 'note',
    what: 'Version numbers that are missing in a subject: purged ones, most often.',
    mend: 'Nothing, if they were purged on purpose.',
  },
  'id-gap': {
    severity: 'note',
    what: 'Ids that are missing below the highest one: purged, or never came to be.',
    mend: 'Nothing; verify --used-by tells whether data carries one of them.',
  },
  'max-id': { severity: 'note', what: 'The highest id of a context.', mend: 'Nothing to do.' },
  'soft-deleted': { severity: 'note', what: 'How many versions are soft-deleted.', mend: 'Nothing to do.' },
  'orphan-config': {
    severity: 'note',
    what: 'A config of a subject that has no versions.',
    mend: 'Nothing; it holds for what is registered there next.',
  },
  'orphan-mode': {
    severity: 'note',
    what: 'A mode of a subject that has no versions.',
    mend: 'Nothing; it holds for what is registered there next.',
  },
  'import-mode-on': {
    severity: 'warning',
    what: 'IMPORT mode was left on: nobody can register without an id, and an import may overwrite.',
    vendors: { confluent: 'registering fails with 42205', karapace: 'modes are known from 6.2.4 on' },
    mend: 'PUT /mode or /mode/{subject} with {"mode":"READWRITE"}.',
  },
  'readonly-mode-on': {
    severity: 'warning',
    what: 'A READONLY mode was left on: registering fails.',
    mend: 'PUT /mode or /mode/{subject} with {"mode":"READWRITE"}, if it is not meant.',
  },
} as const satisfies Readonly<Record<string, FindingKind>>;
