import { type Death, endOf, UNASKED } from '../child/cause.ts';
import { oomKills } from '../child/memory.ts';
import { isPreempted } from '../child/preempted.ts';
import type { Listener } from '../child/signals.ts';
import type { Child } from '../child/start.ts';
import { stopperOf } from '../child/stop.ts';
import { monotonicNow } from '../outbox/clock.ts';
import type { Life } from '../outbox/life.ts';
import { type Progress, type Report, withTold } from '../outbox/report.ts';
import { tellOnce } from '../tell.ts';
import type { ExecOptions } from './parse.ts';
import type { Reporter } from './reporter.ts';

/** What the way of a command's life needs besides its child. */
export interface Surroundings {
  life: Life;
  options: ExecOptions;
  /** Kills for memory before the start; `undefined` where nobody counts. */
  killsBefore: number | undefined;
  /** The progress of a file, when it has changed. */
  progress(): Progress | undefined;
  /** Whether there is a metadata server to ask. */
  hasMetadata: boolean;
  /** Attaches the signals that come to us. */
  attach(child: Child, listener: Listener): void;
  /** Who tells of it; `undefined` where nobody is told. The parameter hears why the job is called off. */
  reporter(calledOff: (why: string) => void): Reporter | undefined;
}

/** What is still to be told of the end. */
export interface Ending {
  report: Report;
  reporter: Reporter | undefined;
  /** How long its end may take to be delivered. */
  budgetMs: number;
}

const PREEMPTED_MS = 1_000;
/** Node's timers do not reach further than 24 days; looking each second does. */
const LIMIT_TICK_MS = 1_000;

/** Goes along with the child until it has ended and its end is on disk. */
export async function accompany(child: Child, around: Surroundings): Promise<Ending> {
  const { life, options } = around;
  const stopper = stopperOf(child, options.graceMs);
  const known = { ...UNASKED, asked: undefined as NodeJS.Signals | undefined };
  let preempted: Promise<boolean> | undefined;

  const reporter = around.reporter((why) => {
    const isStop = options.onEnded === 'stop';
    tellOnce(`${why}; ${isStop ? 'stopping the command' : 'the command goes on'}`);
    if (!isStop || known.isCalledOff) return;
    known.isCalledOff = true;
    stopper.begin('SIGTERM');
  });
  around.attach(child, {
    asked(signal) {
      known.asked ??= signal;
      if (signal !== 'SIGTERM') return;
      stopper.begin();
      reporter?.tellNow({ stopping: true });
      if (around.hasMetadata) preempted ??= isPreempted(process.env);
      preempted?.then((is) => {
        known.isPreempted = is;
      });
    },
    migration: () => reporter?.tellNow({ migrations: 1 }),
  });
  const startedAt = monotonicNow();
  const limit = setInterval(
    () => {
      if (monotonicNow() - startedAt < (options.maxRuntimeMs ?? Number.POSITIVE_INFINITY)) return;
      clearInterval(limit);
      known.isTimedOut = true;
      stopper.begin('SIGTERM');
    },
    Math.min(LIMIT_TICK_MS, options.maxRuntimeMs ?? LIMIT_TICK_MS),
  );
  reporter?.begin();

  const ended = await child.ended;
  clearInterval(limit);
  reporter?.hush();
  life.takeEvents();
  const progress = around.progress();
  if (progress) life.write({ progress }, false);
  const oom = around.killsBefore === undefined ? 0 : (oomKills() ?? 0) - around.killsBefore;
  const left = () => Math.max(0, stopper.until() - monotonicNow());
  const write = () => {
    const death: Death = { ...ended, ...known, oomKills: oom };
    return life.end(withTold(endOf(death, child.tee?.words(), options.mayRetry), life.told()));
  };
  let report = write();
  if (preempted && ended.exitCode !== 0 && !known.isPreempted) {
    // The answer comes in a moment. The end is on disk by now, and gets a better word if need be.
    await Promise.race([preempted, pause(Math.min(PREEMPTED_MS, left() / 2))]);
    if (known.isPreempted) report = write();
  }
  return { report, reporter, budgetMs: Math.min(options.lingerMs, left()) };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
