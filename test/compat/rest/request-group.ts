import type { RestRequest } from '../pair/exchange.ts';

/** Requests that are sent in this order to both workers; each group starts without connectors, and is a test of its own. */
export interface RequestGroup {
  /** Also the name of its test: `npx vitest run --project compat -t <name>`. */
  readonly name: string;
  /** What the workers are started with beyond the defaults; the plain one unless told. */
  readonly profile?: ProfileName;
  /** Sent first, to both; they have to succeed and are not compared. */
  readonly given?: readonly RestRequest[];
  readonly requests: readonly RestRequest[];
}

export interface WorkerProfile {
  readonly settings: Readonly<Record<string, string>>;
  /** Maven coordinates of what Kafka Connect needs on its class path for it; Holdfast has its own. */
  readonly javaArtifacts?: readonly string[];
  /** The content of the file that both get as `java.security.auth.login.config`; `{dir}` is the worker's folder. */
  readonly jaas?: string;
  /** Header with which connectors are deleted after a group. */
  readonly authorization?: string;
}

const providers = 'org.apache.kafka.common.config.provider';

/** Settings under which groups are compared. */
export const profiles = {
  plain: { settings: {} },
  providers: {
    settings: {
      'config.providers': 'file,dir,env',
      'config.providers.file.class': `${providers}.FileConfigProvider`,
      'config.providers.dir.class': `${providers}.DirectoryConfigProvider`,
      'config.providers.env.class': `${providers}.EnvVarConfigProvider`,
    },
  },
  'policy-none': { settings: { 'connector.client.config.override.policy': 'None' } },
  'policy-principal': { settings: { 'connector.client.config.override.policy': 'Principal' } },
  'no-topic-tracking': { settings: { 'topic.tracking.enable': 'false' } },
  'no-topic-reset': { settings: { 'topic.tracking.allow.reset': 'false', 'topic.creation.enable': 'false' } },
  cors: {
    settings: {
      'access.control.allow.origin': 'http://a.example,http://*.b.example',
      'access.control.allow.methods': 'GET,PUT',
    },
  },
  'cors-any': { settings: { 'access.control.allow.origin': '*' } },
  'response-headers': {
    settings: {
      'response.http.headers.config':
        'add Cache-Control: no-cache, "set X-List: a, b", add X-Twice: one, add X-Twice: two, set X-Frame-Options: DENY',
    },
  },
  'admin-listener': { settings: { 'admin.listeners': '{admin}' } },
  'basic-auth': {
    settings: {
      'rest.extension.classes': 'org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension',
      'access.control.allow.origin': 'http://a.example',
    },
    javaArtifacts: ['org.apache.kafka:connect-basic-auth-extension:4.1.1'],
    jaas: 'KafkaConnect { org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required file="{dir}/users.properties"; };',
    authorization: `Basic ${Buffer.from('ada:lovelace').toString('base64')}`,
  },
  'no-admin': { settings: { 'admin.listeners': '' } },
} as const satisfies Readonly<Record<string, WorkerProfile>>;

export type ProfileName = keyof typeof profiles;

/** A FileStreamSource `{p}-src` that has read the three lines of `in.txt` into `{p}-t`. */
export const aSource: readonly RestRequest[] = [
  {
    name: 'source',
    method: 'PUT',
    path: '/connectors/{p}-src/config',
    body: { 'connector.class': 'FileStreamSource', topic: '{p}-t', file: '{dir}/in.txt', 'tasks.max': '1' },
  },
  {
    name: 'source-offset',
    method: 'GET',
    path: '/connectors/{p}-src/offsets',
    until: (body) => JSON.stringify(body).includes('"position":14'),
  },
];

/** A ProbeSource `{p}-two` with two tasks, all of whose records are written. */
export const aProbe: readonly RestRequest[] = [
  {
    name: 'probe',
    method: 'PUT',
    path: '/connectors/{p}-two/config',
    body: { 'connector.class': 'ProbeSource', topic: '{p}-sp', 'tasks.max': '2', count: '3' },
  },
  {
    name: 'probe-offsets',
    method: 'GET',
    path: '/connectors/{p}-two/offsets',
    until: (body) => JSON.stringify(body).split('"n":3').length === 3,
  },
];
