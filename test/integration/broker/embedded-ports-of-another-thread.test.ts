/** The guarantees of the broker ports, for a thread that uses the embedded log of another one: every message crosses a MessageChannel. */
import { MessageChannel } from 'node:worker_threads';
import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import { connectEmbeddedBroker } from '../../../src/broker/embedded/threads/remote-broker.ts';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { portOver } from '../../../src/foundation/thread-port.ts';
import { describeBrokerPorts } from '../../support/broker-port-suite.ts';
import { tempDir } from '../../support/temp-dir.ts';

describeBrokerPorts('the embedded broker of another thread', async () => {
  const owner = await createEmbeddedBroker({ dir: tempDir('embedded'), logger: silentLogger });
  const { port1, port2 } = new MessageChannel();
  owner.serve(portOver(port1));
  const broker = await connectEmbeddedBroker({ port: portOver(port2), clock: systemClock });
  return {
    broker,
    close: async () => {
      await broker.close();
      await owner.close();
      port1.close();
    },
  };
});
