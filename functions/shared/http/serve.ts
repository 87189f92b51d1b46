import type { HttpFunction, Request, Response } from '@google-cloud/functions-framework';
import type { z } from 'zod';
import { SECOND_MS } from '../dates.ts';
import { InvalidRequest, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Problem, parseWithProblems } from '../problems.ts';
import type { Executed } from '../run/answer.ts';
import { type ExecuteOptions, execute } from '../run/execute.ts';
import type { Task, TaskInput } from '../run/task.ts';

/** Bodies of tasks are a line or two of JSON; a longer one is a mistake or worse. */
const BODY_LIMIT = 64 * 1024;
/** Time for the answer and the log to leave before a process with a run-away task ends. */
const EXIT_DELAY_MS = 250;

/** What a function does beside its task: no run, so that nothing of it is recorded, and neither lease nor health knows of it. */
export interface Beside {
  /** The key of a body that asks for it. */
  key: string;
  /** The strict schema of such a body. */
  input: z.ZodType;
  /** Does it. The signal aborts when nobody waits for it any longer. */
  answer(signal: AbortSignal): Promise<BesideAnswer>;
}

export interface BesideAnswer {
  status: number;
  body: object;
  retryAfterSeconds?: number;
}

/** Whoever asks for something beside the task waits no longer than this. */
const BESIDE_LIMIT_MS = 25 * SECOND_MS;

/**
 * `task` as an HTTP function: POST with a JSON body, possibly empty, whatever its content type says. A body that asks for what is
 * done `beside` it makes no run.
 */
export function serve<Input extends TaskInput>(
  task: Task<Input>,
  options: ExecuteOptions,
  beside?: Beside,
): HttpFunction {
  return async (request: Request, response: Response) => {
    if (request.method !== 'POST') {
      response.set('Allow', 'POST');
      return refuse(response, 405, [{ path: '', message: `Cannot ${request.method}`, expected: 'POST' }]);
    }
    try {
      const body = readBody(request.rawBody);
      if (beside && beside.key in body) return await answerBeside(beside, body, response, options.log);
      const executed = await execute(task, { body, header: (name) => request.get(name) }, options);
      if (executed.retryAfterSeconds) response.set('Retry-After', String(executed.retryAfterSeconds));
      if (executed.mustExit) exitAfter(response, options);
      response.status(statusOf(executed)).json(executed.answer);
    } catch (error) {
      if (error instanceof InvalidRequest) return refuse(response, 400, error.problems);
      options.log.error('Cannot answer', error);
      refuse(response, 500, [{ path: '', message: 'Internal error; the log has its stack' }]);
    }
  };
}

async function answerBeside(
  { input, answer }: Beside,
  body: Record<string, unknown>,
  response: Response,
  log: Log,
): Promise<void> {
  const parsed = parseWithProblems(input, body);
  if (!parsed.ok) throw new InvalidRequest(parsed.problems);
  try {
    const done = await answer(AbortSignal.timeout(BESIDE_LIMIT_MS));
    if (done.retryAfterSeconds) response.set('Retry-After', String(done.retryAfterSeconds));
    response.status(done.status).json(done.body);
  } catch (error) {
    log.error('Cannot do what was asked for beside the task', error);
    refuse(response, 503, [{ path: '', message: messageOf(error), expected: 'an answer: try again' }]);
  }
}

/** 200 for done or already done, 409 for "come back", 503 for "nothing was done", 500 for failed. */
function statusOf({ answer, retryAfterSeconds, unclaimed }: Executed): number {
  if (unclaimed) return 503;
  switch (answer.outcome) {
    case 'succeeded':
    case 'partial':
      return 200;
    case 'duplicate':
      return retryAfterSeconds === undefined ? 200 : 409;
    case 'skipped':
    case 'lost':
      return 409;
    case 'failed':
    case 'timed-out':
      return 500;
  }
}

function readBody(raw: Buffer | undefined): Record<string, unknown> {
  const problem = (message: string, expected: string) =>
    new InvalidRequest([{ path: '', message, expected }]);
  if (!raw || raw.length === 0) return {};
  if (raw.length > BODY_LIMIT) throw problem(`The body has ${raw.length} bytes`, `at most ${BODY_LIMIT}`);
  let value: unknown;
  try {
    value = JSON.parse(raw.toString('utf8').trim() || '{}');
  } catch (error) {
    throw problem(`The body is not JSON: ${(error as Error).message}`, 'a JSON object, or nothing');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw problem(`The body is ${JSON.stringify(value).slice(0, 100)}`, 'a JSON object, or nothing');
  return value as Record<string, unknown>;
}

function refuse(response: Response, status: number, problems: Problem[]): void {
  response.status(status).json({ problems });
}

function exitAfter(response: Response, { log }: ExecuteOptions): void {
  log.warning('The task ignores its signal; this process ends after its answer');
  response.once('close', () => setTimeout(() => process.exit(1), EXIT_DELAY_MS));
}
