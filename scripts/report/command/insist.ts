import { checkOwner, openPlace } from '../outbox/place.ts';
import { whyFull } from '../outbox/room.ts';
import { tokensFor } from '../send/token.ts';
import { reasonOf, tell } from '../tell.ts';
import { Misuse } from './parse.ts';
import type { Settings } from './settings.ts';

const TOKEN_MS = 10_000;

/** The outbox, ready to be written; `undefined`, told, where reports can be kept in memory only. */
export function usableOutbox(dir: string): string | undefined {
  try {
    openPlace(dir);
    const why = whyFull(dir);
    if (why === undefined) return dir;
    tell(`no outbox: ${dir}: ${why}; reports are kept in memory only`);
  } catch (error) {
    tell(`no outbox: ${dir}: ${reasonOf(error)}; reports are kept in memory only`);
  }
  return undefined;
}

/** Whether the outbox may be read; one that is not ours is told, and left alone. */
export function isTrusted(dir: string): boolean {
  try {
    checkOwner(dir);
    return true;
  } catch (error) {
    tell(`no outbox: ${dir}: ${reasonOf(error)}`);
    return false;
  }
}

/** For who would rather not run than run untold: throws Misuse unless everything is there that reporting needs. */
export async function insist({ problems, url }: Settings, outbox: string | undefined): Promise<void> {
  if (problems[0] !== undefined) throw new Misuse(problems[0]);
  if (outbox === undefined) throw new Misuse('no outbox, and --strict asks for one');
  const token = url && (await tokensFor(url, process.env).get(TOKEN_MS));
  if (token?.kind === 'none') throw new Misuse(token.reason);
}
