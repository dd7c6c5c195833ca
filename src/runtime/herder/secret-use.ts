/** Which secrets each connector uses: they are struck out of every text, and a change of one restarts the connector. Invariant 8. */
import type { SecretRegistry } from '../../foundation/secret-registry.ts';
import type { ResolvedConnector } from '../config/connector-configs.ts';
import { VariableWatch, type VariableWatchOptions } from '../config/variables/variable-watch.ts';

export class SecretUse {
  private readonly secrets: SecretRegistry;
  private readonly watch: VariableWatch;

  constructor(options: VariableWatchOptions & { readonly secrets: SecretRegistry }) {
    this.secrets = options.secrets;
    this.watch = new VariableWatch(options);
  }

  /** The connector is brought up with this configuration, in place of the one before. */
  use(connector: string, resolved: Pick<ResolvedConnector, 'secrets' | 'reloads' | 'variables'>): void {
    this.secrets.hold(`connector ${connector}`, resolved.secrets);
    this.watch.use(connector, resolved.reloads ? resolved.variables.found : []);
  }

  forget(connector: string): void {
    this.secrets.release(`connector ${connector}`);
    this.watch.forget(connector);
  }

  close(): void {
    this.watch.close();
  }
}
