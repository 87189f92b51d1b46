import { withDeadline } from '../../../functions/shared/concurrency.ts';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { InvalidConfiguration, UpstreamError } from '../../../functions/shared/errors.ts';
import { firstLine, oneLine } from '../../words/terminal.ts';

/** The time for one call. */
export const CALL_LIMIT_MS = 8 * SECOND_MS;
/** The time for one check with all its calls; all checks run side by side. */
const LIMIT_MS = 12 * SECOND_MS;

/** The result of a check: fine, wrong, or not to be found out from here. `--json` prints it. */
export interface Finding {
  what: string;
  state: 'ok' | 'wrong' | 'unknown';
  words: string;
  /** How to fix it. */
  mend?: string | undefined;
}

/** A finding, and what it belongs to. */
export interface Examined extends Finding {
  group: string;
}

/** Looks at one thing. */
export interface Check {
  group: string;
  what: string;
  /** Rejects where the thing is not fine; with CannotCheck where that cannot be found out from here. */
  look(): Promise<Omit<Finding, 'what'> | Finding[]>;
  /** How to fix what `look` rejects with. */
  fix?: (error: unknown) => string | undefined;
}

/** Why something cannot be checked from here, which is no fault of it. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck';
}

/**
 * Returns the findings of all checks, in their order. A check that fails, or takes longer than `limitMs`, does not affect the
 * others.
 */
export async function examine(checks: readonly Check[], limitMs = LIMIT_MS): Promise<Examined[]> {
  const found = await Promise.all(
    checks.map(async (check) => ({ check, findings: await findingsOf(check, limitMs) })),
  );
  return found.flatMap(({ check: { group }, findings }) =>
    findings.map((finding) => ({ group, ...finding })),
  );
}

async function findingsOf({ what, look, fix }: Check, limitMs: number): Promise<Finding[]> {
  try {
    const found = await withDeadline(look(), limitMs, what);
    return Array.isArray(found) ? found : [{ what, ...found }];
  } catch (error) {
    if (error instanceof CannotCheck) return [{ what, state: 'unknown', words: error.message }];
    const words = error instanceof Error ? wordsOf(error) : String(error);
    return [{ what, state: 'wrong', words, mend: fix?.(error) ?? fixOf(error) }];
  }
}

function wordsOf(error: Error): string {
  // It names each key on a line of its own.
  return error instanceof InvalidConfiguration ? oneLine(error.message) : firstLine(error.message, 1_000);
}

function fixOf(error: unknown): string | undefined {
  if (!(error instanceof UpstreamError && error.permission)) return undefined;
  return `have a role granted to you that holds ${error.permission}`;
}
