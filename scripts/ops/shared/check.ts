import { withDeadline } from '../../../functions/shared/concurrency.ts';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { InvalidConfiguration, UpstreamError } from '../../../functions/shared/errors.ts';
import { firstLine, oneLine } from '../../words/terminal.ts';

/** What one call may take. */
export const CALL_LIMIT_MS = 8 * SECOND_MS;
/** What one check may take with all its calls; all checks run side by side. */
const LIMIT_MS = 12 * SECOND_MS;

/** How something was found: fine, not fine, or nobody can tell from here. */
export interface Finding {
  what: string;
  state: 'ok' | 'wrong' | 'unknown';
  words: string;
  /** What to do about it. */
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
  /** Rejects where the thing is not fine, or with CannotTell. */
  look(): Promise<Omit<Finding, 'what'> | Finding[]>;
  /** What to do when it rejects. */
  mend?: (error: unknown) => string | undefined;
}

/** Why nobody can tell from here, which is nobody's fault. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';
}

/** The findings of all checks, in their order. One that fails or hangs costs no other. */
export async function examine(checks: readonly Check[]): Promise<Examined[]> {
  const found = await Promise.all(
    checks.map(async (check) => ({ check, findings: await findingsOf(check) })),
  );
  return found.flatMap(({ check: { group }, findings }) =>
    findings.map((finding) => ({ group, ...finding })),
  );
}

async function findingsOf({ what, look, mend }: Check): Promise<Finding[]> {
  try {
    const found = await withDeadline(look(), LIMIT_MS, what);
    return Array.isArray(found) ? found : [{ what, ...found }];
  } catch (error) {
    if (error instanceof CannotTell) return [{ what, state: 'unknown', words: error.message }];
    const words = error instanceof Error ? wordsOf(error) : String(error);
    return [{ what, state: 'wrong', words, mend: mend?.(error) ?? mendOf(error) }];
  }
}

function wordsOf(error: Error): string {
  // It names each key on a line of its own.
  return error instanceof InvalidConfiguration ? oneLine(error.message) : firstLine(error.message, 1_000);
}

function mendOf(error: unknown): string | undefined {
  if (!(error instanceof UpstreamError && error.permission)) return undefined;
  return `have a role granted to you that holds ${error.permission}`;
}
