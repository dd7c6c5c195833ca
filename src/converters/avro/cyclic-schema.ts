/** A Connect schema within itself: schemas are frozen as they are made, so the inner one has to be told later what it stands for. */
import { Schema } from '../../sdk/data/index.ts';
import { DataError } from '../../sdk/errors/index.ts';

/** A stand-in for a struct schema of which it is a part. */
export interface CyclicSchema {
  readonly schema: Schema;
  /** Says what it stands for; once, before anything else asks. */
  resolve(target: Schema): void;
}

/**
 * A schema that has all attributes of its target but `optional`. Two of them are equal if they have the same name and optionality: a
 * comparison of what they contain would never end.
 */
export function cyclicSchema(name: string | null, optional: boolean): CyclicSchema {
  let target: Schema | undefined;
  const known = (): Schema => {
    if (target === undefined) throw new DataError(`The schema ${name} was asked for before it was complete.`);
    return target;
  };
  const attribute = (key: keyof Schema): PropertyDescriptor => ({ get: () => known()[key], enumerable: true });
  const schema: Schema = Object.create(Schema.prototype, {
    type: { value: 'STRUCT', enumerable: true },
    optional: { value: optional, enumerable: true },
    name: { value: name, enumerable: true },
    defaultValue: { value: null, enumerable: true },
    version: attribute('version'),
    doc: attribute('doc'),
    parameters: attribute('parameters'),
    structFields: attribute('structFields'),
    structFieldsByName: attribute('structFieldsByName'),
    mapKeySchema: { value: null, enumerable: true },
    elementSchema: { value: null, enumerable: true },
    hashCode: { value: optional ? 1 : 2, enumerable: true },
    equals: {
      value: (other: unknown) =>
        other === schema || (other instanceof Schema && other.name === name && other.optional === optional),
    },
  });
  return {
    schema,
    resolve: (resolved) => {
      target = resolved;
    },
  };
}
