import { appendFileSync, lstatSync } from 'node:fs';
import type { Report } from '../outbox/report.ts';
import { writeLine } from '../tell.ts';

/** Kubernetes keeps what stands here beside the container's end. */
const TERMINATION_LOG = '/dev/termination-log';

/**
 * Leaves an end that did not get through where it outlives the container and its disk: a line on standard error, which
 * Cloud Logging and every other collector takes, and the termination message of a pod: behind what the job itself left there,
 * for of a long one its end is kept.
 */
export function leaveBehind(source: string, report: Report): void {
  const line = JSON.stringify({ nightshiftReport: { source, report } });
  writeLine(line);
  try {
    if (lstatSync(TERMINATION_LOG).isFile()) appendFileSync(TERMINATION_LOG, `${line}\n`);
  } catch {
    // It is there in a pod, and nowhere else.
  }
}
