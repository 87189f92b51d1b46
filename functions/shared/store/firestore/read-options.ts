/** Counts the documents that Firestore bills as read. */
export interface Tally {
  documents: number;
}

/** What every reading of a source is given. */
export interface ReadOptions {
  tally: Tally;
  signal?: AbortSignal | undefined;
  /** How long each query may take. */
  limitMs?: number | undefined;
}
