import { hostname } from 'node:os';
import { stampNow } from '../outbox/clock.ts';
import { newExecutionId } from '../outbox/execution-id.ts';
import { ownPidns, processOf } from '../outbox/liveness.ts';
import { outboxPlace } from '../outbox/place.ts';
import type { Open } from '../outbox/report.ts';
import type { Channel } from '../send/deliver.ts';
import { type Tokens, tokensFor } from '../send/token.ts';
import { type Flags, Misuse } from './parse.ts';

/** Whom to tell what, by flags and environment; a problem is one line, and no reason not to run the job. */
export interface Settings {
  job: string;
  source: string;
  url: URL | undefined;
  outbox: string;
  jobToken: string | null;
  problems: string[];
}

/** Reads them; throws Misuse where a job is needed and none is named. */
export function settingsOf(flags: Flags, env: NodeJS.ProcessEnv, needsJob: boolean): Settings {
  const job = flags.job ?? env.NIGHTSHIFT_JOB;
  if (needsJob && job === undefined) throw new Misuse('no job; name it with --job or NIGHTSHIFT_JOB');
  const problems: string[] = [];
  const url = urlOf(flags.url || env.NIGHTSHIFT_URL, problems);
  // A variable that is empty here and now shall not keep a job from running that has always run.
  if (needsJob && !job?.trim()) problems.push('not reporting: no job id');
  return {
    job: job?.trim() ?? '',
    source: flags.source || env.NIGHTSHIFT_SOURCE || 'jobs',
    url,
    outbox: outboxPlace(flags.outbox, env),
    jobToken: env.NIGHTSHIFT_JOB_TOKEN?.trim() || null,
    problems,
  };
}

function urlOf(text: string | undefined, problems: string[]): URL | undefined {
  if (!text) {
    problems.push('not reporting: no URL (--url or NIGHTSHIFT_URL)');
    return undefined;
  }
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  problems.push(`not reporting: cannot use the URL ${JSON.stringify(text)}`);
  return undefined;
}

/** A new execution of the job; `writer` is the process that alone will write of it, where there is one. */
export function newOpen(
  settings: Settings,
  program: string | null,
  mayRetry: boolean,
  isOurs: boolean,
): Open {
  const now = stampNow();
  return {
    execution: newExecutionId(Date.parse(now.at)),
    job: settings.job,
    source: settings.source,
    url: settings.url?.href ?? '',
    jobToken: settings.jobToken,
    host: hostname(),
    attempt: attemptOf(process.env),
    bootId: now.bootId,
    pidns: ownPidns(),
    writer: isOurs ? processOf(process.pid) : null,
    child: null,
    program,
    startedAt: now.at,
    startedBootMs: now.bootMs,
    mayRetry,
  };
}

/** Which try of the platform this is, from 1 on. */
function attemptOf({ CLOUD_RUN_TASK_ATTEMPT = '' }: NodeJS.ProcessEnv): number {
  return /^\d+$/.test(CLOUD_RUN_TASK_ATTEMPT) ? Number(CLOUD_RUN_TASK_ATTEMPT) + 1 : 1;
}

/** The channels that the executions of an outbox name, one for all that name the same. */
export function channelsFor(env: NodeJS.ProcessEnv): (open: Open) => Channel | undefined {
  const channels = new Map<string, Channel>();
  const tokens = new Map<string, Tokens>();
  return ({ url: text, source, jobToken }) => {
    const key = JSON.stringify([text, source, jobToken]);
    const known = channels.get(key);
    if (known) return known;
    const url = URL.parse(text);
    if (!url) return undefined;
    const own = tokens.get(text) ?? tokensFor(url, env);
    tokens.set(text, own);
    const channel: Channel = { url, source, jobToken, tokens: own };
    channels.set(key, channel);
    return channel;
  };
}
