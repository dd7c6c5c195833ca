/** The settings that decide how Connect schemas map to Avro's. */
export interface AvroDataOptions {
  readonly enhancedSchemaSupport: boolean;
  readonly connectMetaData: boolean;
  readonly scrubInvalidNames: boolean;
  readonly generalizedSumTypes: boolean;
  readonly ignoreDefaultForNullables: boolean;
  readonly allowOptionalMapKeys: boolean;
  readonly flattenSingletonUnions: boolean;
  readonly discardTypeDocDefault: boolean;
}

export const AVRO_DATA_DEFAULTS: AvroDataOptions = Object.freeze({
  enhancedSchemaSupport: false,
  connectMetaData: true,
  scrubInvalidNames: false,
  generalizedSumTypes: false,
  ignoreDefaultForNullables: false,
  allowOptionalMapKeys: false,
  flattenSingletonUnions: true,
  discardTypeDocDefault: false,
});
