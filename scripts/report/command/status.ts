import { join } from 'node:path';
import { stampNow } from '../outbox/clock.ts';
import { executionsIn, readFolder } from '../outbox/folder.ts';
import { ownPidns } from '../outbox/liveness.ts';
import { rejectedIn } from '../outbox/rejected.ts';
import { answer } from '../tell.ts';
import { treatmentIn } from './drain.ts';
import { isTrusted } from './insist.ts';
import type { Flags } from './parse.ts';
import { settingsOf } from './settings.ts';
import { channelState } from './troubles.ts';

/** `report status`: what waits, since when, and why. Reads alone. */
export function status(flags: Flags): number {
  const { outbox } = settingsOf(flags, process.env, false);
  if (!isTrusted(outbox)) return 1;
  const waiting = executionsIn(outbox).flatMap((execution) => waitingIn(join(outbox, execution)) ?? []);
  const channel = channelState(outbox);
  const failing = channel?.failingSince
    ? `, failing since ${channel.failingSince}: ${channel.lastError}`
    : '';
  answer(
    waiting.length === 0
      ? `nothing waits in ${outbox}`
      : `${waiting.length} report${waiting.length === 1 ? ' waits' : 's wait'} in ${outbox}${failing}`,
  );
  for (const line of waiting) answer(line);
  const rejected = rejectedIn(outbox).length;
  if (rejected > 0) answer(`${rejected} rejected in ${join(outbox, 'rejected')}`);
  return 0;
}

/** A line on the folder of an execution of which something waits. */
function waitingIn(dir: string): string | undefined {
  const contents = readFolder(dir);
  const treatment = treatmentIn(dir, contents, { bootId: stampNow().bootId, pidns: ownPidns() });
  if (treatment.kind === 'unreadable') return `${dir} cannot be read: ${treatment.file}: ${treatment.why}`;
  const { events, open } = contents;
  if (treatment.kind === 'take-in' && open.kind === 'value')
    return `${open.value.execution} ${open.value.job}: ${events} ${events === 1 ? 'event' : 'events'} in no report yet`;
  const acknowledged = contents.sent.kind === 'value' ? contents.sent.value.seq : 0;
  const newest = [contents.end, contents.now].find((found) => found.kind === 'value');
  if (newest?.kind !== 'value' || newest.value.seq <= acknowledged) return undefined;
  const { execution, job, state, seq, at } = newest.value;
  return `${execution} ${job} ${state} seq ${seq}, acknowledged ${acknowledged}, at ${at}`;
}
