import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { stampNow } from '../outbox/clock.ts';
import { type Treatment, treatmentOf } from '../outbox/fate.ts';
import { foldFolder } from '../outbox/fold.ts';
import {
  type Contents,
  executionsIn,
  isRenewedWithin,
  readFolder,
  removeFolder,
  touchedAt,
} from '../outbox/folder.ts';
import { attempt } from '../outbox/life.ts';
import { livenessOf, ownPidns, type Realm } from '../outbox/liveness.ts';
import type { Open, Process, Report } from '../outbox/report.ts';
import { makeRoom } from '../outbox/room.ts';
import type { Failure } from '../send/backoff.ts';
import { type Channel, deliver } from '../send/deliver.ts';
import { tellOnce } from '../tell.ts';
import { settleFolder } from './settle.ts';

/** What draining came to. */
export interface Drained {
  delivered: number;
  rejected: number;
  /** Reports that still wait, each with a reason. */
  left: number;
  failure: { channel: Channel; failure: Failure } | undefined;
}

/** Who looks after an outbox again and again, beside others that may do so, too. */
export interface Caretaker {
  /** Its own execution, which it does not look after here. */
  own: string;
  everyMs: number;
}

/** As many folders at a time as one request may have jobs: between them others get their turn. */
const AT_ONCE = 100;
const REQUEST_MS = 20_000;

/**
 * Sends what others left in the outbox, looks after executions whose writer was killed, and clears away what is settled.
 * Needs no lock: what two send at once, the service takes once. Stops at the first failure of the way. A caretaker gives no
 * beat for an execution that had one within its interval; whoever asks once gives one for each.
 */
export async function drain(
  outbox: string,
  channelOf: (open: Open) => Channel | undefined,
  caretaker?: Caretaker,
): Promise<Drained> {
  const here: Realm = { bootId: stampNow().bootId, pidns: ownPidns() };
  const drained: Drained = { delivered: 0, rejected: 0, left: 0, failure: undefined };
  const executions = executionsIn(outbox).filter((execution) => execution !== caretaker?.own);
  for (let at = 0; at < executions.length; at += AT_ONCE) {
    const waiting: { channel: Channel; report: Report }[] = [];
    for (const execution of executions.slice(at, at + AT_ONCE)) {
      const found = await reportIn(join(outbox, execution), here, caretaker?.everyMs);
      if (found === 'unreadable') drained.left += 1;
      else if (found) {
        const channel = channelOf(found.open);
        if (channel) waiting.push({ channel, report: found.report });
        else drained.left += 1;
      }
    }
    for (const [channel, reports] of Map.groupBy(waiting, (it) => it.channel)) {
      if (drained.failure) {
        drained.left += reports.length;
        continue;
      }
      const { fates, failure } = await deliver(
        channel,
        reports.map(({ report }) => report),
        { requestMs: REQUEST_MS, until: Number.POSITIVE_INFINITY },
      );
      for (const fate of fates) {
        settleFolder(outbox, channel, fate);
        if (fate.result === 'kept') drained.left += 1;
        else if (fate.result === 'rejected') drained.rejected += 1;
        else drained.delivered += 1;
      }
      if (failure) drained.failure = { channel, failure };
    }
    await setImmediate();
  }
  attempt(outbox, () => makeRoom(outbox));
  return drained;
}

/** The report that one folder has to send, written just now where its processes tell something new. */
async function reportIn(
  dir: string,
  here: Realm,
  everyMs: number | undefined,
): Promise<{ open: Open; report: Report } | 'unreadable' | undefined> {
  const contents = readFolder(dir);
  const treatment = treatmentIn(dir, contents, here, everyMs);
  tellUnreadable(dir, contents, treatment);
  if (treatment.kind === 'remove') attempt(dir, () => removeFolder(dir));
  if (treatment.kind === 'unreadable') return 'unreadable';
  if (contents.open.kind !== 'value') return undefined;
  const open = contents.open.value;
  if (treatment.kind === 'deliver') return { open, report: treatment.report };
  if (treatment.kind !== 'beat' && treatment.kind !== 'gone' && treatment.kind !== 'take-in')
    return undefined;
  const change = treatment.kind === 'gone' ? { state: 'gone' as const } : {};
  const report = await foldFolder(dir, here, change).catch(() => undefined);
  return report && { open, report };
}

/** What is to be done with a folder as it stands; `everyMs` is the interval of a caretaker. */
export function treatmentIn(dir: string, contents: Contents, here: Realm, everyMs = 0): Treatment {
  const { open } = contents;
  const livenessIn = (process: Process | null) =>
    open.kind === 'value' && process ? livenessOf(process, open.value, here) : undefined;
  const lives =
    open.kind === 'value'
      ? { writer: livenessIn(open.value.writer), child: livenessIn(open.value.child) }
      : { writer: undefined, child: undefined };
  const ages = { touchedMs: Date.now() - touchedAt(dir), isRenewed: isRenewedWithin(dir, everyMs) };
  return treatmentOf(contents, lives, ages);
}

function tellUnreadable(dir: string, contents: Contents, treatment: Treatment): void {
  const files = {
    'open.json': contents.open,
    'now.json': contents.now,
    'end.json': contents.end,
    sent: contents.sent,
  };
  for (const [name, found] of Object.entries(files))
    if (found.kind === 'unreadable') tellOnce(`cannot read ${join(dir, name)}: ${found.why}; ignored`);
  if (treatment.kind === 'unreadable')
    tellOnce(`cannot read ${join(dir, treatment.file)}: ${treatment.why}; ignored`);
}
