/** How a run of a plan is gone on with, and taken back: command lines that can be pasted. */
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Plan } from '../../recovery/plan/open-plan.ts';
import { undoPathOf } from '../../recovery/restore/open-undo.ts';
import { parseHttpUrl } from '../../registry/registry-urls.ts';
import { ConnectError } from '../../sdk/errors/connect-error.ts';
import type { Wait } from './check-nodes-after.ts';
import { kafkaFlags } from './kafka-flags.ts';
import type { SchemasSession } from './schemas-session.ts';
import { shellWord } from './shell-word.ts';

export interface PlanCommands {
  readonly plan: string;
  /** The file that takes it back. Of a registry's undo file: the plan that it took back. */
  readonly undo: string;
  /** Runs the plan, or goes on with it. */
  readonly run: string;
  readonly takeBack: string;
  /** The undo file is written by the run, before its first step. */
  readonly undoBegins: boolean;
}

/** @param undo as of --undo; beside the plan unless told */
export function planCommands(
  session: SchemasSession,
  plan: Plan,
  { undo, wait }: { readonly undo: string | undefined; readonly wait: Wait | undefined },
): PlanCommands {
  const { target, undoes } = plan.header;
  const told = undo === undefined ? undoPathOf(plan.path) : resolve(undo);
  const isPlanItself = target.kind === 'registry' && undoes !== undefined;
  const back = isPlanItself ? undoes.path : told;
  const named = isPlanItself || told === undoPathOf(plan.path) ? '' : ` --undo ${shellWord(told)}`;
  const flags = targetFlags(session, plan);
  return {
    plan: plan.path,
    undo: back,
    run: `holdfast schemas apply ${shellWord(plan.path)} --yes${named}${flags}${waitFlags(session, plan, wait)}`,
    takeBack: `holdfast schemas apply ${shellWord(back)} --yes${flags}`,
    undoBegins: target.kind === 'topic',
  };
}

/**
 * Says them before `run` begins, and with whatever ends it before its end.
 * @param run calls `begin` before the first step, unless an undo file that it writes before says so
 * @throws what `run` throws, which tells how to go on and back once something may have been written
 */
export async function sayingHow<T>(
  session: SchemasSession,
  { plan, undo, run: goOn, takeBack, undoBegins }: PlanCommands,
  run: (begin: () => void) => Promise<T>,
): Promise<T> {
  session.note([`plan: ${plan}`, `undo: ${undo}`, 'If it is interrupted, this goes on:', `  ${goOn}`].join('\n'));
  let isBegun = false;
  try {
    return await run(() => {
      isBegun = true;
    });
  } catch (error) {
    if (!isBegun && !(undoBegins && (await isThere(undo)))) throw error;
    const how = `The plan is ${plan}, its undo file ${undo}. To go on once it is mended: ${goOn} To take it back: ${takeBack}`;
    if (error instanceof ConnectError && !session.signal.aborted) error.message = `${error.message} ${how}`;
    else session.note(how);
    throw error;
  }
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** So that what is shown can be pasted. */
function targetFlags({ options }: SchemasSession, { header }: Plan): string {
  const { registryConfig, otherGroupOk = [] } = options;
  // The nodes without credentials, under the names by which they were reached now.
  if (header.target.kind === 'registry') {
    const config = registryConfig === undefined ? '' : ` --registry-config ${shellWord(registryConfig)}`;
    const nodes = options.registry === undefined ? header.target.nodes : plainUrls(options.registry);
    return ` --registry ${shellWord(nodes.join(','))}${config}`;
  }
  const others = otherGroupOk.map((group) => ` --other-group-ok ${shellWord(group)}`).join('');
  return `${kafkaFlags(options)}${others}`;
}

/** With the nodes of --registry where they are only waited for: a registry's plan has them already. */
function waitFlags({ options }: SchemasSession, { header }: Plan, wait: Wait | undefined): string {
  if (wait === undefined) return '';
  const { registry = '', registryConfig } = options;
  const config = registryConfig === undefined ? '' : ` --registry-config ${shellWord(registryConfig)}`;
  const nodes =
    header.target.kind === 'registry' ? '' : ` --registry ${shellWord(plainUrls(registry).join(','))}${config}`;
  return `${nodes} --wait ${wait.text}`;
}

/** Without credentials; what is no URL has been refused before. */
function plainUrls(registry: string): readonly string[] {
  return registry.split(',').flatMap((text) => {
    const url = parseHttpUrl(text.trim());
    return url === undefined ? [] : [`${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`];
  });
}
