/** What a task host's thread runs: the data plane of some tasks, wired as the control plane does it for its own thread. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { connectEmbeddedBroker } from './broker/embedded/threads/remote-broker.ts';
import { createKafkaBroker } from './broker/kafka/kafka-broker.ts';
import { openRegistryHostSide } from './cli/registry-host-side.ts';
import { systemClock } from './foundation/clock.ts';
import { Deferred } from './foundation/deferred.ts';
import type { MessagePort } from './foundation/message-link.ts';
import { continueSteadyTime } from './foundation/steady-time.ts';
import { portOver } from './foundation/thread-port.ts';
import { HostPulse } from './runtime/host/host-pulse.ts';
import type { PluginScope } from './runtime/host/plugin-calls.ts';
import type { FromHost, ToHost } from './runtime/host/protocol.ts';
import { TaskHost } from './runtime/host/task-host.ts';
import { createThreadLogger, ThreadLogLevels } from './runtime/host/thread-logger.ts';
import {
  isThreadMessage,
  type ThreadHostData,
  type ThreadNotice,
  type ThreadOrder,
} from './runtime/host/thread-messages.ts';
import { ModulePluginLoader } from './runtime/plugins/module-plugin-loader.ts';
import { errorToWire } from './sdk/errors/error-wire.ts';

const BEAT_EVERY_MS = 100;

const control = parentPort;
if (control === null) throw new Error('This module is what the threads of task hosts run; it has no use of its own.');

const data = workerData as ThreadHostData;
const clock = systemClock;
continueSteadyTime(clock, data.steadyTime);
const pulse = new HostPulse(data.pulse);
const scope = new AsyncLocalStorage<PluginScope>();
const post = (notice: ThreadNotice): void => control.postMessage(notice);
const levels = new ThreadLogLevels({ post, root: data.level });
const logger = createThreadLogger({ post, levels });

const beat = (): void => {
  pulse.beat();
  clock.setTimer(beat, BEAT_EVERY_MS, { unref: true });
};
beat();
const closed = new Deferred();

// Order is kept from the first message on, though the broker has to be opened first.
let deliver: ((message: ToHost) => void) | null = null;
const early: ToHost[] = [];
control.on('message', (message: ToHost | ThreadOrder) => {
  if (!isThreadMessage(message)) {
    if (deliver === null) early.push(message as ToHost);
    else deliver(message as ToHost);
  } else if (message.type === 'host.level') levels.set(message.name, message.level);
  else if (message.type === 'host.close') closed.resolve();
});
const port: MessagePort<FromHost, ToHost> = {
  post: (message) => control.postMessage(message),
  onMessage: (listener) => {
    deliver = listener;
    for (const message of early.splice(0)) listener(message);
  },
};

const { broker: brokerData } = data;
const broker =
  brokerData.kind === 'embedded'
    ? await connectEmbeddedBroker({ port: portOver(brokerData.port), clock })
    : createKafkaBroker({
        bootstrapServers: brokerData.bootstrapServers,
        logger: logger.child({ name: 'broker' }),
        clock,
      });
const host = new TaskHost({
  port,
  broker,
  plugins: new ModulePluginLoader(),
  ...openRegistryHostSide({ clock, defaults: data.registryDefaults }),
  clock,
  logger,
  pulse,
  scope,
});

// What a plugin leaves uncaught fails the task whose code it was, and nothing else; without a task the thread ends.
const uncaught = (error: unknown): void => {
  const owner = scope.getStore();
  if (owner !== undefined && host.fail(owner, error)) return;
  post({ type: 'host.uncaught', error: errorToWire(error) });
  process.exit(1);
};
process.on('uncaughtException', uncaught);
process.on('unhandledRejection', uncaught);
process.on('exit', (code) => {
  if (!closed.settled) post({ type: 'host.exit', code, by: ownerOf(scope.getStore()) });
});

function ownerOf(owner: PluginScope | undefined): (ThreadNotice & { readonly type: 'host.exit' })['by'] {
  return owner === undefined ? null : { ...owner.id, method: owner.method };
}

// From here on the messages run it.
await closed.promise;
host.close();
await broker.close().catch(() => {});
if (brokerData.kind === 'embedded') brokerData.port.close();
process.exit(0);
