import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import { GoogleProblem, problemOf } from './problem.ts';

/** An answer of a stand-in, before any fault spoils it. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** What a request would be answered. */
export interface Answering {
  /** Does what was asked for. Throws a GoogleProblem that refuses it. */
  reply(): Reply | Promise<Reply>;
  /** How this API refuses somebody who lacks a permission, by default the method's own. */
  denied(permission: string | undefined): GoogleProblem;
  /** How this API words a refusal of another kind. */
  problem(status: number, message: string, more?: object): GoogleProblem;
}

/** Answers a request, spoilt by the faults. Waits until `signal` aborts at most. */
export async function answer(
  res: ServerResponse,
  faults: readonly Fault[],
  answering: Answering,
  signal: AbortSignal,
): Promise<void> {
  const reply = async () => {
    try {
      return await answering.reply();
    } catch (error) {
      return refused(error);
    }
  };
  for (const fault of faults) {
    switch (fault.kind) {
      case 'latency':
        await sleep(fault.ms, undefined, { signal }).catch(() => {});
        break;
      case 'hang':
        return;
      case 'reset':
        return void res.destroy();
      case 'status':
      case 'denied':
        return send(res, refusedBy(fault, answering));
      case 'malformed':
        return send(res, { ...json({}, fault.status), body: fault.text ?? '{"kind": "a list", "items": [{' });
      case 'stalled':
      case 'truncated': {
        const { status, headers, body } = await reply();
        const whole = Buffer.from(body);
        // The length of the whole, so that the client knows that something is missing.
        res.writeHead(status, { ...headers, 'content-length': whole.length });
        res.write(whole.subarray(0, whole.length / 2), () => {
          if (fault.kind === 'truncated') res.destroy();
        });
        return;
      }
      case 'dribble':
        return dribble(res, fault.everyMs);
      case 'changed': {
        const whole = await reply();
        const changed = JSON.parse(String(whole.body));
        fault.change(changed);
        return send(res, { ...whole, body: JSON.stringify(changed) });
      }
    }
  }
  send(res, await reply());
}

/** Begins an answer, and sends a space now and then until whoever asked has gone. */
function dribble(res: ServerResponse, everyMs: number): void {
  res.writeHead(200, json({}).headers);
  res.write('{');
  const timer = setInterval(() => res.write(' '), everyMs);
  res.once('close', () => clearInterval(timer));
}

/** The refusal that a fault is. */
export function refusedBy(
  fault: Extract<Fault, { kind: 'status' | 'denied' }>,
  { denied, problem }: Pick<Answering, 'denied' | 'problem'>,
): Reply {
  if (fault.kind === 'denied') return refused(denied(fault.permission));
  const { status, retryAfter, message = `Answered ${status} because a fault was set`, more } = fault;
  return refused(
    problem(status, message, more),
    retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  );
}

/** A refusal in Google's form; anything else that was thrown is a mistake in the stand-in, and says so. */
export function refused(thrown: unknown, headers: Record<string, string> = {}): Reply {
  const problem = thrown instanceof GoogleProblem ? thrown : problemOf(500, `The stand-in failed: ${thrown}`);
  const reply = json(problem.body(), problem.code);
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

export function json(body: object, status = 200): Reply {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
    body: JSON.stringify(body),
  };
}

export function send(res: ServerResponse, { status, headers, body }: Reply): void {
  if (res.destroyed) return;
  res.writeHead(status, headers);
  res.end(body);
}
