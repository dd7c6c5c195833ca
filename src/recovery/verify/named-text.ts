/** The text of a schema that another one refers to. */
export interface NamedText {
  /** As the reference calls it: an Avro name, or the path that a Protobuf file imports. */
  readonly name: string;
  readonly text: string;
}
