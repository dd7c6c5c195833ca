export { ConnectRecord, type ConnectRecordChanges, type ConnectRecordParts } from './connect-record.ts';
export { type RecordRange, RecordRanges } from './record-ranges.ts';
export { SinkRecord, type SinkRecordParts, type TimestampType } from './sink-record.ts';
export { SourceRecord, type SourceRecordParts } from './source-record.ts';
