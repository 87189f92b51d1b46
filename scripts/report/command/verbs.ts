import { join } from 'node:path';
import { monotonicNow, stampNow } from '../outbox/clock.ts';
import { foldFolder } from '../outbox/fold.ts';
import { closeEnd, executionsIn, leaveEvent, makeFolder, readFolder } from '../outbox/folder.ts';
import { attempt } from '../outbox/life.ts';
import { livenessOf, ownPidns } from '../outbox/liveness.ts';
import {
  type BareReport,
  type Change,
  changeOf,
  type Event,
  endOfTold,
  nextReport,
  type Open,
} from '../outbox/report.ts';
import { deliver } from '../send/deliver.ts';
import { answer, reasonOf, tell } from '../tell.ts';
import { isTrusted, usableOutbox } from './insist.ts';
import type { Command, Flags } from './parse.ts';
import { channelsFor, newOpen, type Settings, settingsOf } from './settings.ts';
import { noteRejected, settleFolder } from './settle.ts';
import { troublesWith } from './troubles.ts';

/** All that a verb of a shell may cost. */
const LIMIT_MS = 3_000;

/** `report start`: begins an execution whose process nobody watches, and says its id. Returns the exit code. */
export async function start(flags: Flags): Promise<number> {
  const settings = settingsOf(flags, process.env, true);
  for (const problem of settings.problems) tell(problem);
  const outbox = settings.problems.length === 0 ? usableOutbox(settings.outbox) : undefined;
  const open = newOpen(settings, null, false, false);
  const room = outbox === undefined ? undefined : attempt(outbox, () => makeFolder(outbox, open));
  if (room !== undefined) closeEnd(room);
  answer(open.execution);
  if (settings.problems.length > 0) return codeOf(flags, false);
  if (outbox === undefined || room === undefined)
    return codeOf(flags, await send(undefined, open, nextReport(open, undefined, {}, stampNow(), 1)));
  return codeOf(flags, await foldAndSend(outbox, open));
}

/** Whose words are kept in the mailbox of the execution. */
type Word = Extract<Command, { verb: 'beat' | 'progress' | 'checkpoint' | 'end' }>;

/** `report beat`, `progress`, `checkpoint` and `end`: a word on an execution that is open. Returns the exit code. */
export async function say(word: Word): Promise<number> {
  const { flags } = word;
  const settings = settingsOf(flags, process.env, true);
  for (const problem of settings.problems) tell(problem);
  const { outbox, job } = settings;
  if (!isTrusted(outbox)) return codeOf(flags, false);
  const execution = flags.execution || process.env.NIGHTSHIFT_EXECUTION || newestOpen(outbox, job);
  if (!execution) {
    tell(`no open execution of ${job} in ${outbox}; report start begins one`);
    return codeOf(flags, false);
  }
  const event = eventOf(word);
  const { open } = readFolder(join(outbox, execution));
  if (open.kind === 'value') return codeOf(flags, await leave(outbox, open.value, event));
  if (settings.problems.length > 0) return codeOf(flags, false);
  return codeOf(flags, await sendBare(settings, execution, event));
}

/** Leaves the word to the writer of the folder, or is the writer. Whether it is safe. */
async function leave(outbox: string, open: Open, event: Event): Promise<boolean> {
  const dir = join(outbox, open.execution);
  try {
    leaveEvent(dir, event);
  } catch (error) {
    tell(`cannot write into ${dir}: ${reasonOf(error)}`);
    return false;
  }
  const here = { bootId: stampNow().bootId, pidns: ownPidns() };
  // A writer looks into its folder each second; one of another container is not known to be dead.
  if (open.writer && livenessOf(open.writer, open, here) !== 'dead') return true;
  return foldAndSend(outbox, open);
}

/** Writes the next report and sends it. Whether it is safe: on disk or delivered. */
async function foldAndSend(outbox: string, open: Open): Promise<boolean> {
  const here = { bootId: stampNow().bootId, pidns: ownPidns() };
  const dir = join(outbox, open.execution);
  try {
    const report = await foldFolder(dir, here);
    if (report) await send(outbox, open, report);
    return true;
  } catch (error) {
    tell(`cannot write into ${dir}: ${reasonOf(error)}`);
    return false;
  }
}

/** One send; whether the service has settled the report. */
async function send(outbox: string | undefined, open: Open, report: BareReport): Promise<boolean> {
  const channel = channelsFor(process.env)(open);
  if (!channel) return false;
  const until = monotonicNow() + LIMIT_MS;
  const { fates, failure } = await deliver(channel, [report], { requestMs: LIMIT_MS, until });
  const troubles = troublesWith(channel.url, outbox, 0);
  if (failure) troubles.failed(failure);
  else troubles.delivered();
  for (const fate of fates)
    if (outbox !== undefined) settleFolder(outbox, channel, fate);
    else if (fate.result === 'rejected') noteRejected(outbox, channel, fate);
  return failure === undefined;
}

/** A word on an execution of which there is no folder here: its start stays as the service has it. */
async function sendBare(settings: Settings, execution: string, event: Event): Promise<boolean> {
  const open: Open = { ...newOpen(settings, null, false, false), execution };
  const { change, told } = changeOf([event]);
  const all: Change = told ? { ...change, end: endOfTold(told) } : change;
  const { startedAt: _, seq: __, ...report } = nextReport(open, undefined, all, event, 1);
  return send(undefined, open, report);
}

function eventOf(word: Word): Event {
  const now = stampNow();
  switch (word.verb) {
    case 'progress':
      return { kind: 'progress', ...now, progress: word.progress };
    case 'checkpoint':
      return { kind: 'checkpoint', ...now, checkpoint: word.checkpoint };
    case 'end':
      return { kind: 'end', ...now, end: word.end };
    default:
      return { kind: 'beat', ...now };
  }
}

/** The newest execution of the job that has not ended. */
function newestOpen(outbox: string, job: string): string | undefined {
  return executionsIn(outbox).findLast((execution) => {
    const { open, now, end } = readFolder(join(outbox, execution));
    const isGone = now.kind === 'value' && now.value.state === 'gone';
    return open.kind === 'value' && open.value.job === job && end.kind === 'absent' && !isGone;
  });
}

/** A shell that ends at the first command that fails must not end by us; who wants to know says so. */
function codeOf({ strict }: Flags, isSafe: boolean): number {
  return strict && !isSafe ? 1 : 0;
}
