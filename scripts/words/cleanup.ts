import { fieldsOf } from '../shared/objects.ts';
import type { Entry } from './entries.ts';
import { bytes, figure, plural } from './figures.ts';
import { keptInWords } from './keep.ts';
import { inWords } from './plain.ts';
import { any, entry, entryLines, type SummaryTold } from './summary.ts';
import { oneLine, paint } from './terminal.ts';

type Fields = Record<string, unknown>;

const ROWS_SHOWN = 3;

/** The command that does `what` of `ops cleanup`. */
export function cleanupCommand(what: string): string {
  return `npm run -s ops -- cleanup ${what}`;
}

/** Keys of the summary that its lines tell, or that nobody needs to be told. */
const TOLD = [
  ...['planId', 'planStatus', 'considered', 'eligibleJobs', 'deletedJobs', 'keptJobs', 'keptByReason'],
  ...['observedJobs', 'objectsPlanned', 'objectsDeleted', 'bytesPlanned', 'bytesDeleted', 'bytesFree'],
  ...['bytesPendingSoftDelete', 'changedSincePlan', 'keptAfterAll', 'held', 'failed', 'remaining'],
  ...['oldestEligibleAgeDays', 'badUris', 'tripped', 'pace', 'pendingUntil', 'documentsRead'],
  ...['nothingThere', 'oddRoots', 'alreadyAppliedAt', 'runs'],
];

/** The lines for the summary of a clean-up, `indent` of the terminal being taken. */
export function cleanupInWords(summary: Fields, answer: Fields, indent: number): SummaryTold {
  const { headline, details, commands } = actOf(summary, answer);
  const found = summary.alreadyAppliedAt === undefined ? entriesOf(summary) : [];
  return {
    lines: [headline, ...entryLines([...details, ...found, ...commands], indent)],
    rest: Object.fromEntries(Object.entries(summary).filter(([key]) => !TOLD.includes(key))),
    problems: summary.planStatus === 'waiting' ? ['plan'] : [],
  };
}

/** What a run did or would do, and the commands that go on from there. */
function actOf(
  { planId, planStatus, eligibleJobs, objectsPlanned, bytesPlanned, ...did }: Fields,
  { dryRun, runId }: Fields,
): { headline: string; details: Entry[]; commands: Entry[] } {
  if (did.alreadyAppliedAt !== undefined)
    return {
      headline: `${inWords(planId)} was applied on ${inWords(did.alreadyAppliedAt).slice(0, 10)}: nothing is left to do of it`,
      details: [],
      commands: undoCommands(did.runs),
    };
  const amountPlanned = `artifacts of ${jobs(eligibleJobs)}: ${amount(objectsPlanned, bytesPlanned)}`;
  const planned = entry('Planned', any(eligibleJobs) && amountPlanned);
  const see = command('See it', `plans ${inWords(planId)}`);
  if (dryRun === true && any(eligibleJobs))
    return {
      headline: `would delete ${amountPlanned}`,
      details: [],
      commands: [see, command('Apply it', `apply ${inWords(planId)}`)],
    };
  if (planStatus === 'waiting')
    return {
      headline: paint.yellow('the plan waits for approval, nothing of it was deleted'),
      details: [planned],
      commands: [see, command('Approve it', `approve ${inWords(planId)}`)],
    };
  const { deletedJobs, objectsDeleted, bytesDeleted } = did;
  if (any(deletedJobs) || any(objectsDeleted))
    return {
      headline: `artifacts of ${jobs(deletedJobs)} deleted: ${amount(objectsDeleted, bytesDeleted)}`,
      details: [planned, entry('Soft delete', softDeleted(did))],
      commands: [command('Undo it', `undo ${inWords(runId)}`)],
    };
  const headline = any(eligibleJobs) ? 'nothing was deleted' : 'nothing to delete';
  return { headline, details: [planned], commands: [] };
}

/** What was kept or is left, and what was found on the way; what did not happen is not told. */
function entriesOf(summary: Fields): Entry[] {
  const { considered, keptJobs, keptByReason, observedJobs, badUris, keptAfterAll } = summary;
  const { changedSincePlan, held, failed, remaining, oldestEligibleAgeDays: due, tripped } = summary;
  const { yellow, red } = paint;
  return [
    entry('Kept', `${figure(Number(keptJobs))} of ${jobs(considered)}: ${keptInWords(keptByReason)}`),
    entry('Observed', any(observedJobs) && `${jobs(observedJobs)}, of which nothing is deleted`),
    listed('Bad URIs', badUris, yellow),
    { label: 'Odd roots', lines: oddRootsOf(summary.oddRoots), tone: yellow },
    listed('Kept late', keptAfterAll, yellow),
    entry('Gone', any(summary.nothingThere) && `of ${jobs(summary.nothingThere)} nothing was there any more`),
    entry('Changed', any(changedSincePlan) && `${objects(changedSincePlan)} newer than the plan stay`),
    entry('Held', any(held) && `${objects(held)} under a hold or a retention policy stay`, yellow),
    entry('Failed', any(failed) && objects(failed), red),
    entry('Left', any(remaining) && `${jobs(remaining)}, with which the next run goes on`, yellow),
    ...paceOf(summary.pace),
    entry('Oldest', any(due) && `eligible for ${figure(Number(due), 1)} days`),
    { label: 'Guards', lines: guardsOf(tripped), tone: yellow },
  ];
}

/** The lines for the summary of an undo. */
export function undoInWords(summary: Fields, indent: number): SummaryTold {
  const { undo, jobs: count, objects: all, restored, newerKept, outsideWindow, failed, ...more } = summary;
  const { versionsLeft, revived, ...rest } = more;
  const entries = [
    entry('Newer', any(newerKept) && `${objects(newerKept)} stand there again already, and stay`),
    entry(
      'Too late',
      any(outsideWindow) && `${objects(outsideWindow)} are beyond soft delete's time`,
      paint.red,
    ),
    entry('Failed', any(failed) && objects(failed), paint.red),
    entry(
      'Versions',
      any(versionsLeft) && `${figure(Number(versionsLeft))} stay in soft delete`,
      paint.yellow,
    ),
    entry('Revived', any(revived) && `${objects(revived)} of which there were but older versions are live`),
    entry('Pinned', any(count) && `${jobs(count)}, so that no later run deletes them again soon`),
  ];
  return {
    lines: [
      `${figure(Number(restored))} of ${objects(all)} of ${jobs(count)} came back, which ${inWords(undo)} had deleted`,
      ...entryLines(entries, indent),
    ],
    rest,
    problems: [],
  };
}

/** The words of the guards that a plan trips, each on a line. */
export function guardsOf(tripped: unknown): string[] {
  return (Array.isArray(tripped) ? tripped : []).map((guard) => oneLine(String(fieldsOf(guard).words)));
}

/** The roots that cannot be taken at their word, each on a line: what is wrong, and what is kept for it. */
export function oddRootsOf(oddRoots: unknown, most = ROWS_SHOWN): string[] {
  const all = (Array.isArray(oddRoots) ? oddRoots : []).map(fieldsOf);
  const told = all.slice(0, most).map(({ by, why, keeps, key }) => {
    const kept = Array.isArray(keeps) && keeps.length > 0 ? `keeps ${keeps.map(String).join(', ')}` : '';
    const held = key === null ? '' : 'nobody knows what it keeps';
    return oneLine([`${inWords(by)}: ${inWords(why)}`, kept, held].filter((it) => it !== '').join('; '));
  });
  return [...told, ...(all.length > most ? [`and ${figure(all.length - most)} more`] : [])];
}

/** How to bring back what runs deleted. */
export function undoCommands(runs: unknown): Entry[] {
  return (Array.isArray(runs) ? runs : []).map((run) => command('Undo it', `undo ${inWords(run)}`));
}

function command(label: string, what: string): Entry {
  return { label, lines: [cleanupCommand(what)], verbatim: true, tone: paint.cyan };
}

/** The buckets that Cloud Storage told to slow down for. */
function paceOf(pace: unknown): Entry[] {
  return Object.entries(fieldsOf(pace)).flatMap(([bucket, state]) => {
    const { rate, halvings } = fieldsOf(state);
    const words = `${oneLine(bucket)} slowed down ${plural(Number(halvings), 'time')}, to ${figure(Number(rate))} objects/s`;
    return any(halvings) ? [entry('Pace', words)] : [];
  });
}

function softDeleted({ bytesPendingSoftDelete: pending, pendingUntil, bytesFree: free }: Fields): string {
  if (!any(pending)) return 'off: nothing of it can be brought back';
  const until = pendingUntil ? `until ${inWords(pendingUntil).slice(0, 10)}` : 'for a while';
  return `${bytes(Number(pending))} can be brought back ${until}, ${bytes(Number(free))} is free`;
}

/** Jobs with what is said of each. */
function listed(label: string, list: unknown, tone: Entry['tone']): Entry {
  const all = (Array.isArray(list) ? list : []).map(fieldsOf);
  const told = all.slice(0, ROWS_SHOWN).map(({ job, because }) => `${inWords(job)}: ${inWords(because)}`);
  const more = all.length - told.length;
  return { label, lines: [...told, ...(more > 0 ? [`and ${figure(more)} more`] : [])], tone };
}

function jobs(count: unknown): string {
  return plural(Number(count), 'job');
}

function objects(count: unknown): string {
  return plural(Number(count), 'object');
}

function amount(count: unknown, size: unknown): string {
  return `${objects(count)}, ${bytes(Number(size))}`;
}
