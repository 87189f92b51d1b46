/** Wall time for records and monotonic time for durations, so that a clock that jumps never falsifies a duration. */
export interface Clock {
  /** The instant now, for records and decisions about days. */
  now(): Date;
  /** Milliseconds on a clock that only goes forward; only differences mean anything. */
  monotonicMs(): number;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
};
