/** The flows that are compared, as connector configurations that both workers take. */

export const RECORDS = Number(process.env['BENCH_RECORDS'] ?? 1_000_000);
/** Without the newline. */
export const LINE_BYTES = 100;

export interface Flow {
  readonly name: string;
  readonly direction: 'file -> topic' | 'topic -> file';
  readonly converter: Readonly<Record<string, string>>;
}

const STRING = { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' };
const JSON_WITH_SCHEMAS = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'true',
};

export const FLOWS: readonly Flow[] = [
  { name: 'file -> topic, String', direction: 'file -> topic', converter: STRING },
  { name: 'topic -> file, String', direction: 'topic -> file', converter: STRING },
  { name: 'file -> topic, JSON with schemas', direction: 'file -> topic', converter: JSON_WITH_SCHEMAS },
  { name: 'topic -> file, JSON with schemas', direction: 'topic -> file', converter: JSON_WITH_SCHEMAS },
];

export function connectorConfig(flow: Flow, file: string, topic: string): Record<string, string> {
  return flow.direction === 'file -> topic'
    ? {
        'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
        'tasks.max': '1',
        file,
        topic,
        ...flow.converter,
      }
    : {
        'connector.class': 'org.apache.kafka.connect.file.FileStreamSinkConnector',
        'tasks.max': '1',
        file,
        topics: topic,
        ...flow.converter,
      };
}
