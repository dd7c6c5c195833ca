/** org.apache.kafka.connect.transforms.Filter */
import { ConfigDef } from '../sdk/config/index.ts';
import type { Transformation } from '../sdk/transformation.ts';

const CONFIG = ConfigDef.empty();

/** Drops every record that it is given: with a predicate, those that the predicate holds for. */
export class Filter implements Transformation {
  config(): ConfigDef {
    return CONFIG;
  }

  configure(): void {}

  apply(): null {
    return null;
  }
}
