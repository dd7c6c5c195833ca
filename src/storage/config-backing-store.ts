/** Where a standalone worker keeps the connectors that it should run. */
export interface StoredConnector {
  readonly name: string;
  /** As it was given: variables of config providers are not resolved. */
  readonly config: Readonly<Record<string, string>>;
  readonly target: 'STARTED' | 'PAUSED' | 'STOPPED';
  /** ms since the epoch. */
  readonly created: number;
  /** What stands for the content of the connector file that was applied last; null: none was. */
  readonly file: string | null;
  /** It was deleted, and its connector file, which is still there, must not bring it back. */
  readonly isDeleted: boolean;
}

export interface ConfigBackingStore {
  /** Opens and reads what is there, oldest first. Throws ConfigError when it is there but can't be read, never starts empty instead. */
  start(): Promise<readonly StoredConnector[]>;
  /** Resolves when durable; after a rejection or a crash the old content is there, or the new one; the error of a rejection says which. */
  put(connector: StoredConnector): Promise<void>;
  /** As `put`. */
  remove(name: string): Promise<void>;
  /** Waits for pending writes. */
  stop(): Promise<void>;
}
