import { logFolder, shortPath } from '../shared/places.ts';
import { StackProblem } from '../shared/problem.ts';
import { aborted } from '../shared/stopping.ts';
import { type Tell, terminal } from '../shared/tell.ts';
import { paint } from '../words/terminal.ts';
import { passNights } from './nights.ts';
import { runReporters } from './reporters/reporters.ts';
import { tellReporters } from './reporters/tell-reporters.ts';
import { runTasks, tellAttempt } from './run-tasks.ts';
import { servicePath } from './serving/gateway.ts';
import { LOCATION, schedulerJobs } from './stand-ins/scheduler/catalog-jobs.ts';
import { type Stack, up } from './up.ts';

/** What `npm start` was told. */
export interface StartOptions {
  /** Ends when the tasks have run. */
  once: boolean;
  /** No records; jobs run only by hand. */
  empty: boolean;
  /** How many nights shall pass; 0 for none. */
  nights: number;
}

/** `npm start`: the stack, every task once, what to try next; stays up until `signal` unless `once`. Returns the exit code. */
export async function start({ once, empty, nights }: StartOptions, signal: AbortSignal): Promise<number> {
  const tell = terminal();
  tell.line(`\n${paint.bold('Nightshift')}, the local stack\n`);
  const stack = await up({ port: portOf(process.env.PORT), sample: !empty, announced: true, tell, signal });
  try {
    const { scheduler, catalog, project } = stack;
    const enabled = Object.values(catalog).flatMap(({ enabled, task }) => (enabled ? [task] : []));
    const until = <T>(work: Promise<T>) => Promise.race([work, stack.broken, aborted(signal)]);
    let fine = true;
    if (!empty) {
      tell.line('\nEvery task, once\n');
      fine = await until(runAll(stack, enabled, tell, signal));
    }
    if (nights > 0) fine = (await until(passNights(stack, nights, tell, signal))) && fine;
    if (once) return fine ? 0 : 1;
    if (empty) tell.line(NOTHING_FIRES);
    const place = { schedulerUrl: scheduler.baseUrl, project };
    for (const line of whatNext(enabled[0] ?? 'TASK', place, empty)) tell.line(line);
    const unwatch = scheduler.watch((attempt) => void tellAttempt(attempt, tell));
    if (!empty) scheduler.fireSlots();
    await Promise.race([stack.broken, aborted(signal)]).catch((error) => {
      // To be told to stop is how a stack that stays up is meant to end.
      if (!signal.aborted) throw error;
    });
    unwatch();
    tell.line('\nStopping.');
    return 0;
  } finally {
    await stack.stop();
  }
}

/**
 * Runs each of `tasks` once, and tells what it did. Jobs that report run beside the first of them, so that the sweep finds
 * what became of those; whether all did what they should.
 */
export async function runAll(
  { scheduler, gatewayUrl, clock, project, takesReports }: Stack,
  [first, ...others]: string[],
  tell: Tell,
  signal: AbortSignal,
): Promise<boolean> {
  const jobs = schedulerJobs(scheduler.baseUrl, project);
  const reporting = takesReports ? runReporters({ gatewayUrl, now: clock.now(), signal }) : null;
  // It is waited for below.
  reporting?.catch(() => undefined);
  const firstFine = first === undefined || (await runTasks(scheduler, jobs, [first], tell, signal));
  const reported = await reporting;
  const othersFine = await runTasks(scheduler, jobs, others, tell, signal);
  if (reported) await tellReporters(reported, `${gatewayUrl}${servicePath('status')}`, tell, signal);
  return firstFine && othersFine;
}

const NOTHING_FIRES =
  '\nNothing fires: there are no records, and the schedules stand still. A task runs only by hand, as below.';

function portOf(text: string | undefined): number {
  if (!text) return 8080;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StackProblem(
    `Cannot listen on port "${text}": expected a number up to 65535. Run: PORT=8080 npm start`,
  );
}

function whatNext(
  task: string,
  { schedulerUrl, project }: { schedulerUrl: string; project: string },
  empty: boolean,
): string[] {
  const commands = [
    ['npm run -s ops -- page --open', 'the page that shows how everything stands'],
    ['npm run -s ops -- watch', 'what runs and why what failed did, second by second'],
    ['npm run -s ops -- days', 'the figures, day by day'],
    ['npm run -s ops -- tasks', 'how each task stands'],
    [`npm run -s ops -- runs ${task}`, 'what it did, run by run'],
    [`npm run -s ops -- run ${task} --dry-run`, 'stored beside recomputed, nothing written'],
    ['npm run -s ops -- cleanup plan', 'which artifacts would go, and why the others stay'],
    ['npm run -s ops -- cleanup plans', `the plans${empty ? '' : ', one of which waits for approval'}`],
  ];
  const width = Math.max(...commands.map(([command = '']) => command.length)) + 3;
  return [
    '\nTry next, in another terminal\n',
    ...commands.map(
      ([command = '', words]) => `  ${paint.cyan(command.padEnd(width))}${paint.dim(words ?? '')}`,
    ),
    '\nCloud Scheduler by gcloud, in a terminal into which these lines are pasted\n',
    `export CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDSCHEDULER=${schedulerUrl}/`,
    'export CLOUDSDK_AUTH_DISABLE_CREDENTIALS=true',
    `export CLOUDSDK_CORE_PROJECT=${project}`,
    paint.cyan(`gcloud scheduler jobs run ${task} --location=${LOCATION}`),
    `\nLogs are in ${shortPath(logFolder())}. Ctrl-C stops everything.`,
  ];
}
