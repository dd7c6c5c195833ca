import { join } from 'node:path';
import { systemClock } from '../../../src/foundation/clock.ts';
import { silentLogger } from '../../../src/foundation/logger.ts';
import { checkNodes } from '../../../src/recovery/rest/check-nodes.ts';
import { checkImport } from '../../../src/recovery/rest/import-preflight.ts';
import { openNodes } from '../../../src/recovery/rest/open-nodes.ts';
import { type RegistryRunResult, runRegistryPlan } from '../../../src/recovery/rest/run-registry-plan.ts';
import { witnessNode } from '../../../src/recovery/rest/witness-node.ts';
import { type WrittenRegistryPlan, writeRegistryPlan } from '../../../src/recovery/rest/write-registry-plan.ts';
import type { RestWitness, WitnessedVersion } from '../../../src/recovery/snapshot/rest-witness.ts';
import type { Snapshot } from '../../../src/recovery/snapshot/snapshot.ts';
import type { Finding } from '../../../src/recovery/verify/finding.ts';
import { tempDir } from '../temp-dir.ts';

/** A live registry at these URLs, as a restore through REST sees it. */
export class LiveRegistry {
  private readonly urls: readonly string[];

  constructor(...urls: readonly string[]) {
    this.urls = urls;
  }

  witness(signal: AbortSignal): Promise<RestWitness> {
    return this.withNodes(async ([api]) => {
      if (api === undefined) throw new Error('no URL');
      return witnessNode({ api, clock: systemClock, folder: tempDir('told'), signal });
    });
  }

  /** subject, version, id and whether it is deleted, in order. */
  async versions(signal: AbortSignal): Promise<readonly string[]> {
    const all: WitnessedVersion[] = [];
    for await (const batch of (await this.witness(signal)).versions()) all.push(...batch);
    return all
      .map(({ subject, version, id, deleted }) => `${subject} ${version} ${id}${deleted ? ' deleted' : ''}`)
      .sort();
  }

  plan(snapshot: Snapshot, signal: AbortSignal): Promise<WrittenRegistryPlan> {
    return this.withNodes(async (nodes) => {
      const folder = tempDir('plan');
      const witness = await this.witness(signal);
      const [api] = nodes;
      if (api !== undefined) await checkImport(api, witness, signal);
      const path = join(folder, 'plan.ndjson');
      return writeRegistryPlan({ snapshot, nodes, witness, path, source: 'a test', now: 0, folder }, signal);
    });
  }

  run(plan: WrittenRegistryPlan['plan'], signal: AbortSignal): Promise<RegistryRunResult> {
    return this.withNodes(async ([api]) => {
      if (api === undefined) throw new Error('no URL');
      return runRegistryPlan({ plan, api, clock: systemClock }, signal);
    });
  }

  async check(snapshot: Snapshot, signal: AbortSignal): Promise<readonly Finding[]> {
    return this.withNodes((nodes) =>
      checkNodes({
        ...{ snapshot, nodes, mayHaveMore: true, waitMs: 10_000, clock: systemClock, signal },
        folder: tempDir('check'),
      }),
    );
  }

  private async withNodes<T>(use: (nodes: ReturnType<typeof openNodes>['nodes']) => Promise<T>): Promise<T> {
    const { nodes, close } = openNodes({ urls: this.urls, properties: {}, clock: systemClock, logger: silentLogger });
    try {
      return await use(nodes);
    } finally {
      await close();
    }
  }
}
