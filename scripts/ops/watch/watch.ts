import type { Clock } from '../../../functions/shared/clock.ts';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import type { WorkloadsRead } from '../../../functions/shared/store/own/workload-records.ts';
import { exitWith, shell } from '../../shared/shell.ts';
import { note, print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';
import { EXIT } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { readTaskRecords, type TaskRecord, taskRows } from '../tasks/read-tasks.ts';
import { workloadReader, workloadsForPrograms } from '../workloads/read-workloads.ts';
import { type FeedTools, follow, NOTHING_READ, readOnce } from './feed.ts';
import { openScreen } from './screen.ts';
import { viewOf, type Watched } from './view.ts';

const EVERY_MS = 5 * SECOND_MS;
const LIMIT_MS = 6 * SECOND_MS;

/** What is read again and again. */
interface Feeds {
  workloads: FeedTools<WorkloadsRead>;
  tasks: FeedTools<TaskRecord[]>;
}

/** Shows the workload tables and the tasks: second by second in a terminal, else once. */
export async function watch({ once, json }: { once?: true; json?: true }): Promise<void> {
  const connection = await connect();
  const reader = await workloadReader(connection);
  const now = steady(connection.clock);
  const feedOf = <T>(what: string, read: FeedTools<T>['read']): FeedTools<T> => ({
    what,
    read,
    limitMs: LIMIT_MS,
    everyMs: EVERY_MS,
    now,
  });
  const feeds: Feeds = {
    workloads: feedOf('the workload tables', (before) => reader.read(before)),
    tasks: feedOf('the tasks', () => readTaskRecords(connection)),
  };
  const nothing: Watched = {
    place: placeOf(connection.target),
    names: reader.names,
    workloads: NOTHING_READ,
    tasks: NOTHING_READ,
  };
  if (once || json || !isScreen()) return showOnce(nothing, feeds, now, { json, noted: !once && !json });
  await repaint(nothing, feeds, now);
}

/** Whether what is written to can be painted over. */
function isScreen(): boolean {
  const { stdout, env } = shell();
  return stdout.isTTY === true && env.TERM !== 'dumb';
}

async function showOnce(
  nothing: Watched,
  feeds: Feeds,
  now: () => Date,
  { json, noted }: { json: true | undefined; noted: boolean },
): Promise<void> {
  const [workloads, tasks] = await Promise.all([
    readOnce(nothing.workloads, feeds.workloads),
    readOnce(nothing.tasks, feeds.tasks),
  ]);
  const watched: Watched = { ...nothing, workloads, tasks };
  if (workloads.failing || tasks.failing) exitWith(EXIT.unreachable);
  else if (workloads.value?.unreadable.length) exitWith(EXIT.wrong);
  if (json) return printJson(forPrograms(watched, now()));
  if (noted) note('This is no terminal that can be painted over: shown once');
  print(...viewOf(watched, now()));
}

/** What is watched, for a program; `null` for what gave no answer, with why among the problems. */
function forPrograms({ names, workloads, tasks }: Watched, now: Date) {
  return {
    at: now,
    workloads: workloads.value ? workloadsForPrograms(names, workloads.value) : null,
    tasks: tasks.value ? taskRows(tasks.value, now) : null,
    problems: [workloads, tasks].flatMap(({ failing }) => (failing ? [failing.why] : [])),
  };
}

/** Paints every second, and whenever something was read or the size changed, until it is stopped. */
async function repaint(nothing: Watched, feeds: Feeds, now: () => Date): Promise<void> {
  const { stdout, listenForStop } = shell();
  const screen = openScreen(stdout);
  let wake: () => void = () => undefined;
  const onResize = () => wake();
  try {
    const { signal } = listenForStop(() => screen.close());
    signal.addEventListener('abort', () => wake(), { once: true });
    stdout.on('resize', onResize);
    const watched = { ...nothing };
    // Neither is waited for: what hangs must hold up nothing, also not the end.
    follow(feeds.workloads, signal, (reading) => {
      watched.workloads = reading;
      wake();
    });
    follow(feeds.tasks, signal, (reading) => {
      watched.tasks = reading;
      wake();
    });
    while (!signal.aborted) {
      const instant = now();
      screen.paint(viewOf(watched, instant, screen.size()));
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const timer = setTimeout(resolve, SECOND_MS - (instant.getTime() % SECOND_MS));
      await promise;
      clearTimeout(timer);
    }
  } finally {
    stdout.off('resize', onResize);
    screen.close();
  }
  exitWith(EXIT.fine);
}

/** The time by a clock that may go: that of a stack does when it ends, and then goes on as it went. */
function steady(clock: Clock): () => Date {
  let aheadMs = clock.now().getTime() - Date.now();
  return () => {
    try {
      aheadMs = clock.now().getTime() - Date.now();
    } catch {
      // What cannot be read any more is shown as such by the readings.
    }
    return new Date(Date.now() + aheadMs);
  };
}
