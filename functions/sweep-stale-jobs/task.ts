import type { RunProblem } from '../shared/model/run/run.ts';
import type { RunContext, Task, TaskResult } from '../shared/run/task.ts';
import type { AlarmStore } from '../shared/store/own/alarms.ts';
import { isWhole, type SweepInput, sweepInput } from './input.ts';
import { selfPreservationAlarm } from './record/alarms.ts';
import { summaryOf } from './summary.ts';
import { refuse } from './sweep/find-job.ts';
import type { SweepSource } from './sweep/pipeline.ts';
import { takeBack } from './sweep/take-back.ts';
import { type SourcesTools, type Swept, sweepNamedJob, sweepSources } from './sweep-sources.ts';
import type { Watched } from './watch/watch.ts';

/** Of the problems of single records, a run keeps so many. */
const MOST_PROBLEMS = 100;
const TASK = 'sweep-stale-jobs';

/** What sweep-stale-jobs is built from. */
export interface SweeperTools
  extends Pick<SourcesTools, 'days' | 'sweepMarks' | 'jobHealth' | 'intervalMs' | 'now'> {
  sources: readonly SweepSource[];
  alarms: AlarmStore;
  /** The watch over our own tasks. */
  watch: (run: RunContext<SweepInput>) => Promise<Watched>;
}

/** Ends the records of jobs that lie, and watches over our own tasks. */
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
  const problems: RunProblem[] = [];

  // 1. Our own tasks.
  const watched = whole
    ? await tools.watch(run)
    : { missedSlots: 0, expiredLeases: 0, scheduleDrift: null, problems: [] };
  problems.push(...watched.problems);

  // 2. The jobs: one that is named, or those of the sources.
  const openAlarms = whole && !dryRun ? await tools.alarms.open(options) : [];
  const sourcesTools: SourcesTools = { ...tools, run, input, options, audit, openAlarms };
  const swept =
    input.jobId === undefined
      ? await sweepSources(sources, problems, sourcesTools)
      : [await sweepNamedJob(sources, input.jobId, sourcesTools)];
  problems.push(...swept.flatMap(problemsOf));

  // 3. The alarm of a sweep that does not believe what it sees; the first one has nothing to go by.
  const blind = swept.flatMap((it) => (it.blind && it.sweptAt ? [{ ...it.blind, source: it.source }] : []));
  if (whole && !dryRun && (blind.length > 0 || swept.length === sources.length)) {
    const changes = selfPreservationAlarm(TASK, blind, openAlarms);
    if (Object.values(changes).some((some) => some.length > 0)) await run.commit(() => undefined, changes);
  }

  // 4. Tell.
  const summary = summaryOf(swept, run.startedAt, {
    missedSlots: watched.missedSlots,
    expiredLeases: watched.expiredLeases,
    scheduleDrift: watched.scheduleDrift,
    falseLost: swept.reduce((sum, it) => sum + it.falseLost, 0),
    unmapped: swept.flatMap((it) => it.unmapped.map((found) => ({ source: it.source, ...found }))),
    verdicts: dryRun || !whole,
    documentsRead: options.tally.documents,
    auditDocumentsRead: audit.documents,
  });
  const isDone = problems.length === 0 && summary.hitLimit === false;
  return { outcome: isDone ? 'succeeded' : 'partial', summary, problems: capped(problems) };
}

function problemsOf({ source, blind, problems }: Swept): RunProblem[] {
  if (!blind) return problems;
  const message = `${blind.because}: what rests on age or on a 404 alone is held for one interval (${blind.held})`;
  return [{ path: source, message }, ...problems];
}

function capped(problems: readonly RunProblem[]): RunProblem[] {
  const more = problems.length - MOST_PROBLEMS;
  if (more <= 0) return [...problems];
  return [...problems.slice(0, MOST_PROBLEMS), { path: '', message: `${more} more problems are not told` }];
}
