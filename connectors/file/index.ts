/** Files: lines as Kafka Connect's FileStream connectors move them, and records as delimited text and JSON. */
import { definePlugin } from 'holdfast/sdk';
import { RecordFileSinkConnector } from './records/sink-connector.ts';
import { RecordFileSourceConnector } from './records/source-connector.ts';
import { FileStreamSinkConnector } from './sink-connector.ts';
import { FileStreamSourceConnector } from './source-connector.ts';
import { VERSION } from './version.ts';

export default definePlugin({
  name: 'file',
  version: VERSION,
  connectors: [
    {
      className: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
      type: 'source',
      create: FileStreamSourceConnector,
    },
    {
      className: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
      type: 'sink',
      create: FileStreamSinkConnector,
    },
    {
      className: 'io.holdfast.connect.file.RecordFileSourceConnector',
      type: 'source',
      create: RecordFileSourceConnector,
    },
    { className: 'io.holdfast.connect.file.RecordFileSinkConnector', type: 'sink', create: RecordFileSinkConnector },
  ],
});
