/** org.apache.kafka.connect.transforms.ExtractField */
import { ConfigDef, ConfigValidators } from '../sdk/config/index.ts';
import { DataError } from '../sdk/errors/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { type FieldSyntaxVersion, SingleFieldPath } from './field-path.ts';
import { RECORD_KEY, RECORD_VALUE, type RecordPart } from './record-part.ts';
import { requireMapOrNull, requireStructOrNull } from './requirements.ts';
import { REPLACE_NULL_CONFIG } from './settings.ts';

const PURPOSE = 'field extraction';
const CONFIG = ConfigDef.of({
  field: { type: 'STRING', importance: 'medium', documentation: 'The field to take out.' },
})
  .extend(REPLACE_NULL_CONFIG)
  .define({
    name: 'field.syntax.version',
    type: 'STRING',
    default: 'V1',
    validator: ConfigValidators.inIgnoreCase('V1', 'V2'),
    importance: 'high',
    documentation:
      'How the setting field is read. V1: as the name of a field at the top. V2: as a path, in which dots lead into nested structs or maps, and backticks enclose names that have dots themselves, as in `foo.bar`.baz.',
  });

/** Replaces the key or value by one of its fields. */
abstract class ExtractField implements Transformation {
  protected abstract readonly part: RecordPart;
  private path!: SingleFieldPath;
  private replacesNull = true;

  config(): ConfigDef {
    return CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = CONFIG.parse(config);
    this.path = new SingleFieldPath(values.field, values['field.syntax.version'].toUpperCase() as FieldSyntaxVersion);
    this.replacesNull = values['replace.null.with.default'];
  }

  apply(record: ConnectRecord): ConnectRecord {
    const schema = this.part.schemaOf(record);
    if (schema === null) {
      const map = requireMapOrNull(this.part.valueOf(record), PURPOSE);
      return this.part.with(record, null, map === null ? null : this.path.valueInMap(map));
    }
    const struct = requireStructOrNull(this.part.valueOf(record), PURPOSE);
    const field = this.path.fieldIn(schema);
    if (field === undefined) throw new DataError(`Unknown field: ${this.path.text}`);
    const value = struct === null ? null : this.path.valueInStruct(struct, this.replacesNull);
    return this.part.with(record, field.schema, value);
  }
}

export class ExtractFieldKey extends ExtractField {
  protected override readonly part = RECORD_KEY;
}

export class ExtractFieldValue extends ExtractField {
  protected override readonly part = RECORD_VALUE;
}
