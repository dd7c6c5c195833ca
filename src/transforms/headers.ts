/** DropHeaders and InsertHeader of org.apache.kafka.connect.transforms. */
import { ConfigDef } from '../sdk/config/index.ts';
import { parseString, SchemaAndValue } from '../sdk/data/index.ts';
import type { ConnectRecord } from '../sdk/record/index.ts';
import type { Transformation } from '../sdk/transformation.ts';
import { LIST_VALIDATOR, NON_NULL_VALIDATOR } from './settings.ts';

const DROP_CONFIG = ConfigDef.of({
  headers: {
    type: 'LIST',
    validator: LIST_VALIDATOR,
    importance: 'high',
    documentation: 'The names of the headers to remove.',
  },
});

/** Removes all headers of some names. */
export class DropHeaders implements Transformation {
  private names: readonly string[] = [];

  config(): ConfigDef {
    return DROP_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    this.names = DROP_CONFIG.parse(config).headers;
  }

  apply(record: ConnectRecord): ConnectRecord {
    if (!record.hasHeaders) return record;
    const headers = record.headers.duplicate();
    for (const name of this.names) headers.remove(name);
    return record.newRecord({ headers });
  }
}

const INSERT_CONFIG = ConfigDef.of({
  header: {
    type: 'STRING',
    validator: NON_NULL_VALIDATOR,
    importance: 'high',
    documentation: 'The name of the header to add.',
  },
  'value.literal': {
    type: 'STRING',
    validator: NON_NULL_VALIDATOR,
    importance: 'high',
    documentation:
      'The value of the header on every record. Its type is guessed from its form, as the SimpleHeaderConverter does: 123 is a number, true a boolean.',
  },
});

/** Adds a header of one value to every record. */
export class InsertHeader implements Transformation {
  private name = '';
  private literal = SchemaAndValue.NULL;

  config(): ConfigDef {
    return INSERT_CONFIG;
  }

  configure(config: Readonly<Record<string, string>>): void {
    const values = INSERT_CONFIG.parse(config);
    this.name = values.header;
    this.literal = parseString(values['value.literal']);
  }

  apply(record: ConnectRecord): ConnectRecord {
    const headers = record.headers.duplicate();
    headers.add(this.name, this.literal.value, this.literal.schema);
    return record.newRecord({ headers });
  }
}
