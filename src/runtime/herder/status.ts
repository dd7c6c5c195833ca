/** States of connectors and tasks as the REST API shows them. AbstractStatus of Kafka Connect 4.1.1. */
import { readableError } from '../../sdk/errors/readable-error.ts';
import type { ParkedInfo } from '../host/protocol.ts';
import type { StuckInfo } from '../worker/plugin-watch.ts';

export type TargetState = 'STARTED' | 'PAUSED' | 'STOPPED';
export type ConnectorState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'STOPPED' | 'FAILED' | 'RESTARTING';
export type TaskState = 'UNASSIGNED' | 'RUNNING' | 'PAUSED' | 'FAILED' | 'RESTARTING';

export interface ConnectorStatus {
  readonly state: ConnectorState;
  readonly workerId: string;
  readonly version: string | null;
  /** The failure with its causes, empty unless FAILED. */
  readonly trace: string;
  /** A method of it does not return; absent or null while none is known of. */
  readonly stuck?: StuckInfo | null;
}

export interface TaskStatus {
  readonly state: TaskState;
  readonly workerId: string;
  readonly version: string | null;
  readonly trace: string;
  /** A parked task stays RUNNING, because tools act on FAILED; null while it isn't parked. */
  readonly parked: ParkedInfo | null;
  /** A plugin of it does not return; absent or null while none is known of. */
  readonly stuck?: StuckInfo | null;
}

/** The stack of an error followed by those of its causes, as Java prints a stack trace; our codes stand behind the messages. */
export function traceOf(error: unknown): string {
  const lines: string[] = [];
  let current = readableError(error);
  for (let depth = 0; current !== undefined && current !== null && depth < 16; depth += 1) {
    const text = textOf(current);
    lines.push(depth === 0 ? text : `Caused by: ${text}`);
    current = current instanceof Error ? current.cause : undefined;
  }
  return `${lines.join('\n')}\n`;
}

function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const head = `${error.name}: ${error.message}`;
  const { code } = error as Error & { readonly code?: unknown };
  const marked = typeof code === 'string' ? `${head} [${code}]` : head;
  const stack = error.stack ?? head;
  const frames = stack.indexOf('\n    at ');
  return frames < 0 ? marked : marked + stack.slice(frames);
}
