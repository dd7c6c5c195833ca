import type { HttpReply } from '../embedded-registry/http-listener.ts';
import type { RegistryAnswer } from '../embedded-registry/registry-answer.ts';
import { ConnectionLostError } from '../embedded-registry/registry-node.ts';
import { type RegistryOperation, type RegistryRequest, routeRequest } from '../embedded-registry/routes.ts';
import { abortable } from '../embedded-registry/schemas-log.ts';
import type { Clock } from '../foundation/clock.ts';
import type { FaultRules, MatchedFault, ScriptedAnswer } from './scripted-registry-faults.ts';
import type { RequestLog } from './scripted-registry-requests.ts';

/** An id that a client was told. */
export interface AcknowledgedId {
  readonly subject: string;
  readonly id: number;
  readonly node: number;
  /** ms since the registry started. */
  readonly at: number;
}

export interface RequestScriptOptions {
  readonly rules: FaultRules;
  readonly requests: RequestLog;
  readonly acks: AcknowledgedId[];
  readonly clock: Clock;
  readonly now: () => number;
}

/** Applies the rules to requests, and writes down what became of them. */
export class RequestScript {
  private readonly options: RequestScriptOptions;

  constructor(options: RequestScriptOptions) {
    this.options = options;
  }

  async atPort(
    node: number,
    request: RegistryRequest,
    signal: AbortSignal,
    next: () => Promise<HttpReply>,
  ): Promise<HttpReply> {
    const { requests, rules, now } = this.options;
    const operation = operationOf(request);
    const { method, path } = request;
    const finish = requests.add({ at: now(), node, method, path, operation });
    signal.addEventListener('abort', () => finish('cut', now()), { once: true });
    const matched = rules.match('request', { ...request, node, operation });
    const reply = await this.apply(matched, signal, next).catch((): HttpReply => ({ kind: 'cut' }));
    if (signal.aborted) return { kind: 'cut' };
    if (reply.kind === 'cut') finish('cut', now());
    else {
      finish(reply.answer.status, now(), errorCodeOf(reply.answer.body));
      if (operation === 'register' && reply.answer.status === 200) this.acknowledge(node, request, reply.answer);
    }
    return reply;
  }

  atWrite(
    node: number,
    request: RegistryRequest,
    operation: RegistryOperation,
    signal: AbortSignal,
    proceed: () => Promise<RegistryAnswer>,
  ): Promise<RegistryAnswer> | undefined {
    const matched = this.options.rules.match('write', { ...request, node, operation });
    if (matched === undefined) return undefined;
    const next = async (): Promise<HttpReply> => ({ kind: 'answer', answer: await proceed() });
    return this.apply(matched, signal, next).then((reply) => {
      if (reply.kind === 'cut') throw new ConnectionLostError();
      return reply.answer;
    });
  }

  private async apply(
    matched: MatchedFault | undefined,
    signal: AbortSignal,
    next: () => Promise<HttpReply>,
  ): Promise<HttpReply> {
    const { clock } = this.options;
    const { fault, ended } = matched ?? { fault: { kind: 'pass' }, ended: Promise.resolve() };
    switch (fault.kind) {
      case 'pass':
        return next();
      case 'answer':
        if ((fault.delayMs ?? 0) > 0) await clock.sleep(fault.delayMs ?? 0, signal);
        return { kind: 'answer', answer: answerOf(fault) };
      case 'delay':
        await clock.sleep(fault.ms, signal);
        return next();
      case 'hang':
        await abortable(ended, signal);
        return fault.answer === undefined ? next() : { kind: 'answer', answer: answerOf(fault.answer) };
      case 'cut':
        return { kind: 'cut' };
      case 'lose-answer':
        await next();
        return { kind: 'cut' };
    }
  }

  private acknowledge(node: number, request: RegistryRequest, { body }: RegistryAnswer): void {
    const id = (body as { readonly id?: unknown }).id;
    if (typeof id !== 'number') return;
    const subject = routeRequest(request).subject ?? '';
    this.options.acks.push({ subject, id, node, at: this.options.now() });
  }
}

function answerOf({ status, body, headers }: ScriptedAnswer): RegistryAnswer {
  return { status, body, ...(headers === undefined ? {} : { headers }) };
}

function operationOf(request: RegistryRequest): RegistryOperation | 'unknown' {
  try {
    return routeRequest(request).operation;
  } catch {
    return 'unknown';
  }
}

function errorCodeOf(body: unknown): number | undefined {
  const code = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['error_code'] : undefined;
  return typeof code === 'number' ? code : undefined;
}
