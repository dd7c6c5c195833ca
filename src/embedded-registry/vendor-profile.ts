/** In what the two registries differ that have a primary; everything else is one and the same code. */
export type RegistryVendor = 'confluent' | 'karapace';

export interface VendorProfile {
  readonly vendor: RegistryVendor;
  /** error_code of an incompatible schema: Confluent 40901 (older servers 409), Karapace 409. */
  readonly incompatibleCode: number;
  /** Karapace 6.2 has no modes: PUT and DELETE /mode answer 405, and `id` at registration is not looked at. */
  readonly hasModes: boolean;
  /** Two schemas read back with one id: Confluent keeps the first and drops the second, Karapace's by-id answers the last. */
  readonly duplicateId: 'first-wins' | 'last-wins';
  /** Karapace leaves a schema out of its view when one of its references is not there. */
  readonly dropsDanglingReferences: boolean;
  /** Karapace still answers the id of a purged schema until it is restarted. */
  readonly keepsPurgedIds: boolean;
  /** Confluent removes soft-deleted versions for good that are below one of the same subject and id, when that one is registered. */
  readonly removesDeletedOfSameId: boolean;
  /** Karapace deletes by an empty value; Confluent's registry passes over one, as it is no JSON. */
  readonly deletesByEmpty: boolean;
  /** Karapace stores the text with sorted keys, Confluent in Avro's own order. */
  readonly sortsSchemaKeys: boolean;
  /** Karapace answers a malformed body with 422/422 and an array as message, Confluent with 400/400. */
  readonly bodyErrorIsUnprocessable: boolean;
  /**
   * What a replica that can't reach the primary answers when the connection is refused: Confluent 500/50003, Karapace a
   * plain-text 500.
   */
  readonly refusedForward: 'error-code' | 'plain-text';
  /** The code for "no primary known": Confluent 50004, Karapace 50003. */
  readonly noPrimaryCode: 50003 | 50004;
  /** Karapace remembers the old primary until the next one is named, Confluent forgets it when the rebalance begins. */
  readonly forgetsPrimaryAtRebalance: boolean;
  /** SIGTERM: Confluent leaves the group, which rebalances at once; Karapace's leaving took no effect when measured. */
  readonly leavesGroup: boolean;
  /** Confluent's port opens after the topic was read, Karapace's before. */
  readonly listensBeforeReplay: boolean;
  /** Karapace has `/_health` and `/master_available`. */
  readonly hasHealth: boolean;
}

export const vendorProfiles: Readonly<Record<RegistryVendor, VendorProfile>> = {
  confluent: {
    vendor: 'confluent',
    incompatibleCode: 40901,
    hasModes: true,
    duplicateId: 'first-wins',
    dropsDanglingReferences: false,
    keepsPurgedIds: false,
    removesDeletedOfSameId: true,
    deletesByEmpty: false,
    sortsSchemaKeys: false,
    bodyErrorIsUnprocessable: false,
    refusedForward: 'error-code',
    noPrimaryCode: 50004,
    forgetsPrimaryAtRebalance: true,
    leavesGroup: true,
    listensBeforeReplay: false,
    hasHealth: false,
  },
  karapace: {
    vendor: 'karapace',
    incompatibleCode: 409,
    hasModes: false,
    duplicateId: 'last-wins',
    dropsDanglingReferences: true,
    keepsPurgedIds: true,
    removesDeletedOfSameId: false,
    deletesByEmpty: true,
    sortsSchemaKeys: true,
    bodyErrorIsUnprocessable: true,
    refusedForward: 'plain-text',
    noPrimaryCode: 50003,
    forgetsPrimaryAtRebalance: false,
    leavesGroup: false,
    listensBeforeReplay: true,
    hasHealth: true,
  },
};

/** How long things take; all in ms. Defaults are the registries' own, as read in their sources or measured. */
export interface RegistryTimings {
  /** A member that is gone is noticed after this: `session.timeout.ms`. */
  readonly sessionTimeoutMs: number;
  /** A rebalance of the group, from the first change to the new assignment. */
  readonly rebalanceMs: number;
  /** A new primary writes only after this, on top of catching up: Karapace's waiting_time_before_acting_as_master_ms. */
  readonly primaryWaitMs: number;
  /** A forwarded request is given up after this. */
  readonly forwardTimeoutMs: number;
  /** A new primary that has not caught up after this answers 50003. */
  readonly catchUpTimeoutMs: number;
  /** A write that the topic has not acknowledged, and its node not read back, after this is answered with 50002. */
  readonly storeTimeoutMs: number;
  /** A restarted node needs at least this long to replay the topic. */
  readonly replayMs: number;
}

export const vendorTimings: Readonly<Record<RegistryVendor, RegistryTimings>> = {
  confluent: {
    sessionTimeoutMs: 10_000,
    rebalanceMs: 400,
    primaryWaitMs: 0,
    forwardTimeoutMs: 60_000,
    catchUpTimeoutMs: 60_000,
    storeTimeoutMs: 10_000,
    replayMs: 350,
  },
  karapace: {
    sessionTimeoutMs: 10_000,
    rebalanceMs: 2_000,
    primaryWaitMs: 5_000,
    forwardTimeoutMs: 60_000,
    catchUpTimeoutMs: 60_000,
    storeTimeoutMs: 10_000,
    replayMs: 350,
  },
};
