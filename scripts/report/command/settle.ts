import { join } from 'node:path';
import { removeFolder, writeSent } from '../outbox/folder.ts';
import { isoOf } from '../outbox/iso.ts';
import { attempt } from '../outbox/life.ts';
import { keepRejected } from '../outbox/rejected.ts';
import type { Fate } from '../send/answer.ts';
import type { Channel } from '../send/deliver.ts';
import { tell } from '../tell.ts';

/** Keeps and tells what the service refused; before the report itself is given up. */
export function noteRejected(
  outbox: string | undefined,
  channel: Channel,
  { report, problems, status }: Fate,
): void {
  const words = problems.join('; ') || 'no reason given';
  tell(`rejected: job ${report.job}, execution ${report.execution}: ${words}`);
  if (outbox === undefined) return;
  const { source, url } = channel;
  const at = isoOf(Date.now());
  attempt(outbox, () => keepRejected(outbox, { report, source, url: url.href, problems, status, at }));
}

/** Notes in the folder of an execution without a living writer what became of its report. */
export function settleFolder(outbox: string, channel: Channel, fate: Fate): void {
  const { report, result } = fate;
  if (result === 'kept') return;
  if (result === 'rejected') noteRejected(outbox, channel, fate);
  const dir = join(outbox, report.execution);
  attempt(dir, () => {
    if (report.seq !== undefined) writeSent(dir, report.seq);
    if (report.end || report.state === 'gone') removeFolder(dir);
  });
}
