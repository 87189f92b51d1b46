import type { RunProblem } from '../shared/model/run/run.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { AlarmStore } from '../shared/store/own/alarms.ts';
import { isWhole, type SweepInput, sweepInput } from './input.ts';
import { type Blindness, blindAlarm } from './record/alarms.ts';
import { summaryOf } from './summary.ts';
import { refuse } from './sweep/find-job.ts';
import type { SweepSource } from './sweep/sweep-tools.ts';
import { takeBack } from './sweep/take-back.ts';
import { type SourceSweep, type SourcesTools, sweepNamedJob, sweepSources } from './sweep-sources.ts';
import type { Watched } from './watch/watch.ts';

/** A run keeps at most so many problems. */
const MOST_PROBLEMS = 100;
const TASK = 'sweep-stale-jobs';

/** The sources, stores and clock of sweep-stale-jobs. */
export interface SweeperTools
  extends Pick<SourcesTools, 'days' | 'channels' | 'checkpoints' | 'jobHealth' | 'intervalMs' | 'now'> {
  sources: readonly SweepSource[];
  alarms: AlarmStore;
  /** The watch over our own tasks. */
  watch: (run: RunContext<SweepInput>) => Promise<Watched>;
}

/** Ends the records of jobs that do not run any more, and watches over our own tasks. */
export function sweepStaleJobs(tools: SweeperTools): Task<SweepInput> {
  const names = tools.sources.map(({ store }) => store.name);
  const asked = ({ source }: SweepInput) =>
    tools.sources.filter(({ store }) => (source ?? store.name) === store.name);
  return {
    name: TASK,
    input: () => sweepInput(names),
    check: (input, { signal }) => refuse(asked(input), input, { tally: { documents: 0 }, signal }),
    run(run) {
      const { jobId, undo } = run.input;
      if (!undo || jobId === undefined) return sweep(run, asked(run.input), tools);
      const options = { tally: { documents: 0 }, signal: run.signal };
      return takeBack(asked(run.input), jobId, run, { days: tools.days, options });
    },
  };
}

async function sweep(
  run: RunContext<SweepInput>,
  sources: readonly SweepSource[],
  tools: SweeperTools,
): Promise<TaskResult> {
  const { input, signal, dryRun } = run;
  const options = { tally: { documents: 0 }, signal };
  const audit = { documents: 0 };
  const whole = isWhole(input);

  // 1. Our own tasks.
  const watched = whole
    ? await tools.watch(run)
    : { missedSlots: 0, expiredLeases: 0, scheduleDrift: null, problems: [] };

  // 2. The jobs: one that is named, or those of the sources.
  const openAlarms = whole && !dryRun ? await tools.alarms.open(options) : [];
  const sourcesTools: SourcesTools = { ...tools, run, input, options, audit, openAlarms };
  const { swept, problems: unswept } =
    input.jobId === undefined
      ? await sweepSources(sources, sourcesTools)
      : { swept: [await sweepNamedJob(sources, input.jobId, sourcesTools)], problems: [] };
  const problems = [...watched.problems, ...unswept, ...swept.flatMap(problemsOf)];

  // 3. The alarm of a sweep that does not believe what it sees; the first sweep of all never does.
  const blind = swept.flatMap((one) => blindnessOf(one).filter(({ isFirst }) => !isFirst));
  if (whole && !dryRun && (blind.length > 0 || swept.length === sources.length)) {
    const changes = blindAlarm(TASK, blind, openAlarms);
    if (Object.values(changes).some((some) => some.length > 0)) await run.commit(() => undefined, changes);
  }

  // 4. The summary.
  const summary = summaryOf(swept, run.startedAt, {
    missedSlots: watched.missedSlots,
    expiredLeases: watched.expiredLeases,
    scheduleDrift: watched.scheduleDrift,
    falseLost: swept.reduce((sum, { falseLost }) => sum + falseLost, 0),
    unmapped: swept.flatMap(({ source, unmapped }) => unmapped.map((found) => ({ source, ...found }))),
    verdicts: dryRun || !whole,
    documentsRead: options.tally.documents,
    auditDocumentsRead: audit.documents,
  });
  const isDone = problems.length === 0 && summary.hitLimit === false;
  return { outcome: isDone ? 'succeeded' : 'partial', summary, problems: capped(problems) };
}

function problemsOf(sweep: SourceSweep): RunProblem[] {
  const blind = blindnessOf(sweep).map(({ source, because, so }) => ({
    path: source,
    message: `${because}: ${so}`,
  }));
  return [...blind, ...sweep.problems];
}

/** Why a source was swept with less belief than usual; `isFirst` where that is because it was never swept before. */
function blindnessOf(sweep: SourceSweep): (Blindness & { isFirst: boolean })[] {
  const { source, sweptAt, selfPreservation, silentChannel } = sweep;
  const preserved = selfPreservation && {
    source,
    brokenAt: selfPreservation.brokenAt,
    because: selfPreservation.because,
    so: `what rests on age or on a 404 alone is held for one interval (${selfPreservation.held})`,
    isFirst: sweptAt === null,
  };
  const silent = silentChannel && {
    source,
    brokenAt: silentChannel.brokenAt,
    because: silentChannel.because,
    so: `what rests on silence alone is left until reports come again (${silentChannel.left})`,
    isFirst: false,
  };
  return [preserved, silent].filter((one) => one !== null);
}

function capped(problems: readonly RunProblem[]): RunProblem[] {
  const more = problems.length - MOST_PROBLEMS;
  if (more <= 0) return [...problems];
  return [...problems.slice(0, MOST_PROBLEMS), { path: '', message: `${more} more problems are not told` }];
}
