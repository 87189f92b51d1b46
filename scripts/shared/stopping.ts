import { constants } from 'node:os';

const PARENT_CHECK_MS = 500;

/** How this process is asked to stop. */
export interface Stopping {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP, and when the `npm` that started this process is gone. */
  signal: AbortSignal;
  /** The exit code that says which signal it was. */
  exitCode(): number;
}

/** Listens for the signals; the second one calls `atOnce` and ends the process, and with it all of its children. */
export function listenForStop(atOnce: () => void = () => undefined): Stopping {
  const controller = new AbortController();
  let exitCode = 0;
  const stop = (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => {
    if (controller.signal.aborted) {
      atOnce();
      process.exit(exitCode);
    }
    exitCode = 128 + constants.signals[name];
    controller.abort(new Error(`Stopped by ${name}`));
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => stop(name));

  // npm hands a SIGTERM to the shell between us, which dies of it and tells nobody.
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    stop('SIGTERM');
  }, PARENT_CHECK_MS);
  watch.unref();
  // Started by hand it may well outlive its shell.
  if (!process.env.npm_lifecycle_event) clearInterval(watch);
  return { signal: controller.signal, exitCode: () => exitCode };
}

/** Rejects with the signal's reason when it aborts. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
