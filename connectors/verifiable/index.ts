/** The tool connectors of Kafka's own system tests: for trying out a worker, not for data. */
import { definePlugin } from 'holdfast/sdk';
import { MockSinkConnector, MockSourceConnector } from './mock.ts';
import { SchemaSourceConnector } from './schema-source.ts';
import { VerifiableSinkConnector } from './verifiable-sink.ts';
import { VerifiableSourceConnector } from './verifiable-source.ts';
import { VERSION } from './version.ts';

const TOOLS = 'org.apache.kafka.connect.tools';

export default definePlugin({
  name: 'verifiable',
  version: VERSION,
  connectors: [
    { className: `${TOOLS}.VerifiableSourceConnector`, type: 'source', create: VerifiableSourceConnector },
    { className: `${TOOLS}.VerifiableSinkConnector`, type: 'sink', create: VerifiableSinkConnector },
    { className: `${TOOLS}.MockSourceConnector`, type: 'source', create: MockSourceConnector },
    { className: `${TOOLS}.MockSinkConnector`, type: 'sink', create: MockSinkConnector },
    { className: `${TOOLS}.SchemaSourceConnector`, type: 'source', create: SchemaSourceConnector },
  ],
});
