/** A registration that was refused with 42205, which means two things: the subject's mode tells which. */
import type { CallResult, RegistryEndpoints } from './endpoints.ts';
import { classify, type FailureContext, isReadOnlyMode } from './failure-classes.ts';
import { modeOf, modeRequest } from './registry-requests.ts';

/** The refusal, classified by the mode. Nodes that lag tell an older one, so every node is asked. */
export async function judgedByMode(
  endpoints: RegistryEndpoints,
  subject: string,
  result: CallResult,
  context: FailureContext,
  signal: AbortSignal,
): Promise<CallResult> {
  const answers = await endpoints.callEach(modeRequest(subject), signal);
  const modes = answers.flatMap(({ verdict, json }) => (verdict.class === 'ok' ? (modeOf(json) ?? []) : []));
  const away = answers.find(({ verdict }) => verdict.class === 'park');
  if (modes.length === 0 && away !== undefined) return away;
  const readOnly = modes.find(isReadOnlyMode);
  // Whoever refused it knows the mode, and may be one that only other nodes reach; those may have read less.
  if (readOnly === undefined && away !== undefined) {
    return { ...result, verdict: { class: 'park-read-only', mode: null } };
  }
  const { status = 0, errorCode } = result;
  const outcome = { kind: 'answer', status, errorCode, shape: 'error' } as const;
  return { ...result, verdict: classify('register', outcome, { ...context, mode: readOnly ?? modes[0] ?? null }) };
}
