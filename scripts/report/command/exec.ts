import { basename, join } from 'node:path';
import { endOf, UNASKED } from '../child/cause.ts';
import { leave } from '../child/leave.ts';
import { oomKills } from '../child/memory.ts';
import { watchProgress } from '../child/progress-file.ts';
import { listen } from '../child/signals.ts';
import { startChild } from '../child/start.ts';
import { stampNow } from '../outbox/clock.ts';
import { beginLife, type Life } from '../outbox/life.ts';
import { ownPidns, processOf } from '../outbox/liveness.ts';
import { takeLock } from '../outbox/lock.ts';
import type { Open, Report } from '../outbox/report.ts';
import type { Channel } from '../send/deliver.ts';
import { isPending } from '../send/request.ts';
import { isLocal } from '../send/token.ts';
import { tell, tellOnce } from '../tell.ts';
import { accompany } from './accompany.ts';
import { drain } from './drain.ts';
import { insist, usableOutbox } from './insist.ts';
import type { ExecOptions, Flags } from './parse.ts';
import { type Reporter, reporterOf } from './reporter.ts';
import { channelsFor, newOpen, settingsOf } from './settings.ts';
import { leaveBehind } from './undelivered.ts';

const DRAIN_MS = 60_000;

/** Runs the command and reports it; ends this process as the command ended. */
export async function exec(flags: Flags, options: ExecOptions): Promise<never> {
  const attach = listen();
  const settings = settingsOf(flags, process.env, true);
  const outbox = settings.problems.length === 0 ? usableOutbox(settings.outbox) : undefined;
  if (flags.strict) await insist(settings, outbox);
  for (const problem of settings.problems) tell(problem);
  const program = basename(options.command[0] as string);
  const life = beginLife(outbox, newOpen(settings, program, options.mayRetry, true));
  const killsBefore = oomKills();
  const child = await startChild(options.command, childEnv(settings.job, life, outbox), options.tailBytes);

  const channelOf = channelsFor(process.env);
  const channel = settings.problems.length === 0 ? channelOf(life.open()) : undefined;
  const progress = options.progressFile === undefined ? () => undefined : watchProgress(options.progressFile);
  const canDrain = outbox === undefined ? () => undefined : drainer(outbox, channelOf, life.open().execution);
  const reporter = (calledOff: (why: string) => void) =>
    channel && reporterOf({ life, channel, outbox, progress, calledOff, canDrain });

  if ('reason' in child) {
    const words = `cannot run ${program}: ${child.reason}`;
    tell(words);
    const ended = { exitCode: child.exitCode, signal: null };
    const end = life.end(endOf({ ...ended, ...UNASKED }, words, options.mayRetry));
    await tellEnd(
      reporter(() => undefined),
      channel,
      end,
      options.lingerMs,
    );
    return leave(ended, isPending());
  }
  try {
    // Whatever is wrong with us from here on is no reason to leave the command alone.
    process.on('uncaughtException', (error) => tellOnce(`internal: ${error.message}`));
    life.started(processOf(child.pid) ?? { pid: child.pid, start: '' });
    const ending = await accompany(child, {
      life,
      options,
      killsBefore,
      progress,
      hasMetadata: channel !== undefined && (!isLocal(channel.url) || Boolean(process.env.GCE_METADATA_HOST)),
      attach,
      reporter,
    });
    await tellEnd(ending.reporter, channel, ending.report, ending.budgetMs);
  } catch (error) {
    tell(`internal: ${(error as Error).message}`);
  }
  return leave(await child.ended, isPending() || (child.tee?.isWriting() ?? false));
}

/** Delivers the end, or leaves it where it may be found. */
async function tellEnd(
  reporter: Reporter | undefined,
  channel: Channel | undefined,
  end: Report,
  budgetMs: number,
): Promise<void> {
  if (!reporter || !channel) return;
  if (!(await reporter.finish(end, budgetMs))) leaveBehind(channel.source, end);
}

/** Our environment, and by what the child's own words find their way to us. */
function childEnv(job: string, life: Life, outbox: string | undefined): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NIGHTSHIFT_JOB: job };
  // Of a wrapper around this one: its execution is not the child's.
  delete env.NIGHTSHIFT_EXECUTION;
  if (outbox === undefined || life.dir === undefined) return env;
  return { ...env, NIGHTSHIFT_EXECUTION: life.open().execution, NIGHTSHIFT_OUTBOX: outbox };
}

/** What sends the reports of others while this job runs: once something of ours got through, one at a time on a disk. */
function drainer(
  outbox: string,
  channelOf: (open: Open) => Channel | undefined,
  own: string,
): (ms: number) => void {
  let isBegun = false;
  const go = async () => {
    const release = takeLock(join(outbox, 'drain.lock'), { bootId: stampNow().bootId, pidns: ownPidns() });
    try {
      if (release) await drain(outbox, channelOf, { own, everyMs: DRAIN_MS });
    } catch (error) {
      tell(`cannot look after ${outbox}: ${(error as Error).message}`);
    } finally {
      release?.();
      setTimeout(go, DRAIN_MS);
    }
  };
  return (ms) => {
    if (!isBegun) setTimeout(go, ms);
    isBegun = true;
  };
}
