/** The timers and the dice of a poller; a test brings its own. */
export interface Timers {
  after(ms: number, run: () => void): () => void;
  /** In [0, 1). */
  random(): number;
}

/** What a poller asks, how often, and who hears how it went. */
export interface Question {
  /** Resolves once the answer is taken over; throws when there is none. */
  ask(signal: AbortSignal): Promise<void>;
  intervalMs: number;
  /** In place of PATIENCE_MS, for a question that takes its time. */
  patienceMs?: number;
  /** Called after each question: `null`, or why it has no answer and how many in a row had none. */
  settled(failure: unknown, failuresInARow: number): void;
}

export interface Poller {
  /** Whether to go on by itself: not while paused or hidden. Asks at once when it may again. */
  setActive(active: boolean): void;
  /** Asks now, also while not active, unless a question is under way; resolves once that is settled. */
  refresh(): Promise<void>;
  /** Asks anew at once: the question has changed, so an answer to the old one is dropped. */
  restart(): void;
  stop(): void;
}

/** Longest wait between two questions while there are no answers. */
export const LONGEST_WAIT_MS = 60_000;
/** An answer that takes longer is given up. */
export const PATIENCE_MS = 8_000;
/** By how much a wait is longer or shorter by chance, so that viewers do not ask in step. */
const JITTER = 0.2;

/** Asks again and again, one question at a time; after failures the wait doubles. */
export function poller(
  { ask, intervalMs, settled, patienceMs = PATIENCE_MS }: Question,
  timers: Timers,
): Poller {
  let active = false;
  let failures = 0;
  let cancelWait = () => {};
  let underWay: AbortController | null = null;

  const wait = () => {
    cancelWait();
    if (!active) return;
    // Never shorter than the interval would be, or an outage would be asked about more often than good health.
    const ms = Math.max(intervalMs, Math.min(intervalMs * 2 ** failures, LONGEST_WAIT_MS));
    cancelWait = timers.after(ms * (1 - JITTER + 2 * JITTER * timers.random()), () => void once());
  };

  const once = async () => {
    if (underWay) return;
    cancelWait();
    const mine = new AbortController();
    underWay = mine;
    const giveUp = timers.after(patienceMs, () =>
      mine.abort(new Error(`no answer within ${patienceMs / 1000} s`)),
    );
    let failure: unknown = null;
    try {
      await Promise.race([ask(mine.signal), rejectedBy(mine.signal)]);
    } catch (error) {
      failure = error;
    }
    giveUp();
    // Another question has taken its place, or it is not waited for any more.
    if (underWay !== mine) return;
    underWay = null;
    failures = failure === null ? 0 : failures + 1;
    settled(failure, failures);
    wait();
  };

  const drop = () => {
    cancelWait();
    const dropped = underWay;
    underWay = null;
    dropped?.abort(new Error('not asked any more'));
  };

  return {
    setActive(next) {
      if (next === active) return;
      active = next;
      if (active) void once();
      else cancelWait();
    },
    refresh: once,
    restart() {
      drop();
      failures = 0;
      void once();
    },
    stop() {
      active = false;
      drop();
    },
  };
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
}
