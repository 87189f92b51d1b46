import { DeadlineExceeded } from './errors.ts';

/** Waits; rejects with the signal's reason as soon as it aborts. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Resolves like `work`, or rejects with DeadlineExceeded naming `operation` after `limitMs`, or with the signal's reason.
 * The work itself goes on when it takes no signal: whatever it does late must be harmless. Its late error goes
 * to `onLate`, for an unhandled rejection would end the process.
 */
export async function withDeadline<T>(
  work: Promise<T>,
  limitMs: number,
  operation: string,
  options: { signal?: AbortSignal | undefined; onLate?: (error: unknown) => void } = {},
): Promise<T> {
  let over = false;
  work.catch((error: unknown) => {
    if (over) options.onLate?.(error);
  });
  const { promise: limit, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineExceeded(operation, limitMs)), limitMs);
  const onAbort = () => reject(options.signal?.reason);
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, limit]);
  } finally {
    over = true;
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Runs jobs one after another in the order they came; a failed one does not stop those behind it. */
export function serialQueue(): <T>(job: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (job) => {
    const result = tail.then(job, job);
    tail = result.catch(() => undefined);
    return result;
  };
}

/** `items`, of which the first is fetched at once, before it is asked for. */
export function prefetch<T>(items: AsyncGenerator<T, void>): AsyncIterable<T> & { end(): Promise<unknown> } {
  let first: Promise<IteratorResult<T, void>> | undefined = items.next();
  // Its failure is thrown where the item is asked for.
  first.catch(() => undefined);
  return {
    async *[Symbol.asyncIterator]() {
      for (let next = await (first ?? items.next()); !next.done; next = await items.next()) {
        first = undefined;
        yield next.value;
      }
    },
    /** Ends the items, wherever they are. */
    end: () => items.return(),
  };
}

/** Jobs that run one after the other, each while the next one is being prepared. */
export function overlap() {
  let last: Promise<{ error: unknown } | undefined> = Promise.resolve(undefined);
  const done = async () => {
    const failed = await last;
    if (failed) throw failed.error;
  };
  return {
    /** Resolves once `job` has begun, for which the one before has to be done; rejects with its failure. */
    async begin(job: () => Promise<void>): Promise<void> {
      await done();
      last = job().then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
    },
    /** Resolves when the last one is done; rejects with its failure. */
    done,
    /** Resolves when nothing runs any more, however it ended. */
    idle: async (): Promise<void> => void (await last),
  };
}

/** Maps `items` with at most `limit` under way at once; rejects with the first failure and begins no other item then. */
export async function pooledMap<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        results[index] = await map(items[index] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** Runs jobs as they come, with at most `limit` under way at once; those that wait begin in the order they came. */
export function limitConcurrency(limit: number): <T>(job: () => Promise<T>) => Promise<T> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (job) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

/** `items` in runs of at most `size`. */
export function chunksOf<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}

/** `items` in chunks of at most so many items and bytes; an item with more bytes has a chunk of its own. */
export function chunksWithin<T>(
  items: readonly T[],
  most: { items: number; bytes: number },
  bytesOf: (item: T) => number,
): T[][] {
  const chunks: T[][] = [];
  let chunk: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const own = bytesOf(item);
    if (chunk.length === 0 || chunk.length === most.items || bytes + own > most.bytes) {
      chunk = [];
      bytes = 0;
      chunks.push(chunk);
    }
    chunk.push(item);
    bytes += own;
  }
  return chunks;
}
