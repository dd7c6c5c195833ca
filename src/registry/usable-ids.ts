/**
 * Which numbers are schema ids. The wire format has four bytes for one, read with their sign. Registries count up from 1;
 * an import may set any id that is not negative, 0 included (Confluent's `schemaId >= 0`, confluentinc/schema-registry#2647), and serializers
 * take `use.schema.id` for set from 0 on. So 0 is an id like any other, and what is negative, too high or broken never was one.
 */

export const HIGHEST_ID = 0x7fff_ffff;

export function isUsableId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= HIGHEST_ID;
}
