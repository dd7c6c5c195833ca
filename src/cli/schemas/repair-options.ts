/** Options that all repairs have beside the common ones. */
import type { Command } from 'commander';
import { UsageError } from '../exit-codes.ts';
import { type CommonOptions, type WaitOption, withCommonOptions, withWaitOption } from './common-options.ts';

export interface PlanOptions extends CommonOptions {
  /** Absent: only the plan is made. */
  readonly yes: boolean;
  readonly plan?: string;
  readonly undo?: string;
}

export interface RepairOptions extends PlanOptions, WaitOption {}

export function withRepairOptions(command: Command): Command {
  return withWaitOption(withPlanOptions(command));
}

export function withPlanOptions(command: Command): Command {
  return withCommonOptions(command)
    .option('--yes', 'run the plan; without it, it is only made and shown', false)
    .option('--plan <file>', 'where the plan is written; repair-<what>-<time>.ndjson here unless told')
    .option('--undo <file>', 'where the plan that takes it back is written; beside the plan unless told');
}

/** @throws UsageError */
export function parseVersion(text: string, flag: string): { readonly subject: string; readonly version: number } {
  const [, subject, version] = /^(.+):([1-9]\d{0,9})$/s.exec(text) ?? [];
  if (subject === undefined || version === undefined) {
    throw new UsageError(`${flag} must be SUBJECT:VERSION, such as orders-value:3, not ${text}.`);
  }
  return { subject, version: Number(version) };
}

/** @throws UsageError */
export function parseOffset(text: string, flag: string): number {
  const offset = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(offset)) return offset;
  throw new UsageError(`${flag} must be an offset of the topic, not ${text}.`);
}

/** An offset, or an ISO 8601 time. @throws UsageError */
export function parseOffsetOrTime(text: string, flag: string): { readonly offset: number } | { readonly time: number } {
  if (/^\d+$/.test(text)) return { offset: parseOffset(text, flag) };
  const time = Date.parse(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && Number.isFinite(time)) return { time };
  throw new UsageError(`${flag} must be an offset, or a time such as 2026-11-29T14:00:00Z, not ${text}.`);
}
