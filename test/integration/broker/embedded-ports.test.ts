import { createEmbeddedBroker } from '../../../src/broker/embedded/embedded-broker.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { describeBrokerPorts } from '../../support/broker-port-suite.ts';
import { tempDir } from '../../support/temp-dir.ts';

describeBrokerPorts('the embedded broker', async () => {
  const broker = await createEmbeddedBroker({ dir: tempDir('embedded'), logger: silentLogger });
  return { broker, close: () => broker.close() };
});
