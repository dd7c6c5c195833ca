/** Which versions lie before what they refer to in the log, as it is; {@link checkReferences} finds those that come to lie so. */
import type { SchemasRecord } from '../records/schemas-record.ts';
import type { StateReplay } from '../state/state-replay.ts';
import type { Row } from '../state/version-table.ts';

export class EarlyReferences {
  /** Whose references did not all lead somewhere when they were read last. */
  readonly rows = new Set<Row>();
  private readonly state: StateReplay;

  constructor(parts: { readonly state: StateReplay }) {
    this.state = parts.state;
  }

  /** Asked before the state has the record. */
  isEarly({ subject, value }: Extract<SchemasRecord, { readonly kind: 'schema' }>): boolean {
    return value.references.some((each) => this.state.rowReferred(subject, each) === undefined);
  }

  /** Told once the state has the record. */
  note(row: Row, isEarly: boolean): void {
    if (isEarly) this.rows.add(row);
    else if (this.rows.size > 0) this.rows.delete(row);
  }
}
