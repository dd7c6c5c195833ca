/** Codes of what the detection of the primary says in the log. */
import { defineErrorCode } from '../sdk/errors/index.ts';

export const codes = {
  primaryChanged: defineErrorCode('holdfast.registry.primary.changed', {
    what: 'Another node of the schema registry is primary, or the registry is back after an outage in which it may have changed.',
    mend: 'Nothing: schema ids acknowledged around the change are read back before they are used again. If it comes often, look at the nodes that the line names.',
  }),
  primaryUsable: defineErrorCode('holdfast.registry.primary.usable', {
    what: 'The new primary of the schema registry takes new schemas; durationMs is the time since the first sign of the change.',
    mend: 'Nothing.',
  }),
  noPrimary: defineErrorCode('holdfast.registry.primary.none', {
    what: 'The nodes of the schema registry have elected no primary: reads work, new schemas wait.',
    mend: 'Look at the log of the nodes: none is eligible (master_eligibility, leader.eligibility), two advertise the same address, or the elector has died and the node needs a restart.',
  }),
  rung: defineErrorCode('holdfast.registry.detection.rung', {
    what: 'The primary is found out in another way than before; the line says in which, and why in no better one.',
    mend: 'Grant the worker DESCRIBE on the group named by registry.group.id, if it can not be described. Without it, detection is less exact, and nothing is lost.',
  }),
  vendor: defineErrorCode('holdfast.registry.detection.vendor', {
    what: 'The nodes of the schema registry were recognized by what they answer: which ways there are to find out the primary depends on whose registry it is.',
    mend: 'Nothing. If it is wrong, set registry.vendor.',
  }),
  address: defineErrorCode('holdfast.registry.detection.address', {
    what: 'The primary of the registry advertises an address that leads to none of the URLs of schema.registry.url.',
    mend: 'Nothing, if the URLs lead through a proxy. Otherwise list the nodes under the names that they advertise, so that writes go to the primary first.',
  }),
} as const;
