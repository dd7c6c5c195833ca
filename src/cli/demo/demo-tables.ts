/** The public data of the demo: two tables of the npm package vega-datasets. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineErrorCode } from '../../sdk/errors/codes.ts';
import { ConfigError } from '../../sdk/errors/kinds.ts';

export const DEMO_DATA_MISSING = defineErrorCode('holdfast.demo.data-missing', {
  what: 'The public data set that the demo reads is not installed.',
  mend: 'Install it beside Holdfast with: npm install vega-datasets',
});

export interface DemoTable {
  /** Also the topic, and the name of the output file. */
  readonly name: string;
  readonly path: string;
  readonly recordName: string;
  /** How fast it is read, so that there is something to watch; 0 for as fast as it goes. */
  readonly recordsPerSecond: number;
}

export interface DemoTables {
  /** Flows all the time; its schema is known to the registry before the outage. */
  readonly steady: DemoTable;
  /** Starts in the middle of the outage with a schema that is new to the registry. */
  readonly newcomer: DemoTable;
}

/** @throws ConfigError `holdfast.demo.data-missing` */
export function demoTables(): DemoTables {
  const folder = dataFolder();
  return {
    steady: {
      name: 'zipcodes',
      path: join(folder, 'zipcodes.csv'),
      recordName: 'demo.Zipcode',
      recordsPerSecond: 4_000,
    },
    newcomer: {
      name: 'airports',
      path: join(folder, 'airports.csv'),
      recordName: 'demo.Airport',
      recordsPerSecond: 0,
    },
  };
}

/** The package exports no data files, so its folder is found by walking up from its entry. */
function dataFolder(): string {
  const require = createRequire(import.meta.url);
  for (const base of require.resolve.paths('vega-datasets') ?? []) {
    const folder = join(base, 'vega-datasets', 'data');
    if (existsSync(join(folder, 'zipcodes.csv'))) return folder;
  }
  throw new ConfigError(
    `The public data set of the demo is not installed beside ${dirname(new URL(import.meta.url).pathname)}. Install it with: npm install vega-datasets`,
    { code: DEMO_DATA_MISSING },
  );
}
