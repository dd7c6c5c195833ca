/** A {@link RegistryEvent} as `GET /registries/events` sends it: in the words of `GET /registries`. */
import type { RegistryEvent } from '../registry/registry-events.ts';
import { epochJson, gateJson } from './registry-json.ts';

/** `at`: ms since the epoch. */
export function registryEventJson(registry: string, event: RegistryEvent, at: number): object {
  return { registry, type: event.type, time: new Date(at).toISOString(), ...detailsOf(event, at) };
}

function detailsOf(event: RegistryEvent, now: number): object {
  switch (event.type) {
    case 'gate':
      return { gate: gateJson(event.gate), closed_for_ms: event.closedForMs };
    case 'epoch':
      return {
        epoch: epochJson(event.epoch, now),
        previous: event.previous === null ? null : epochJson(event.previous, now),
      };
    case 'parked':
      return { question: event.question, gate: event.gateId };
    case 'resumed':
      return { question: event.question, gate: event.gateId, waited_ms: event.waitedMs };
    case 'request':
      return { node: event.node, operation: event.operation, status: event.status, ms: Math.round(event.ms * 10) / 10 };
    case 'barrier':
      return { id: event.id, outcome: event.outcome, waited_ms: event.waitedMs };
    case 'integrity':
      // Invariant 8: the message only, as logs show it; details stay inside.
      return { code: event.error.code, message: event.error.message };
    default: {
      const { type: _, ...details } = event;
      return details;
    }
  }
}
