import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './faults.ts';
import type { Method } from './method.ts';
import { GoogleProblem, problemOf } from './problem.ts';

/** Answers a request: `body` makes the good answer, which the faults then spoil. Waits until `signal` aborts at most. */
export async function answer(
  res: ServerResponse,
  faults: readonly Fault[],
  { method, project, body }: { method: Method; project: string; body: () => object },
  signal: AbortSignal,
): Promise<void> {
  for (const fault of faults) {
    switch (fault.kind) {
      case 'latency':
        await sleep(fault.ms, undefined, { signal }).catch(() => {});
        break;
      case 'hang':
        return;
      case 'reset':
        return void res.destroy();
      case 'status': {
        const message = fault.message ?? `Answered ${fault.status} because a fault was set`;
        const headers = fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter };
        return sendProblem(res, problemOf(fault.status, message, fault.more), headers);
      }
      case 'denied':
        return sendProblem(res, method.denied(project, fault.permission ?? method.permission));
      case 'malformed':
        return send(res, 200, fault.text ?? '{"kind": "a list", "items": [{');
      case 'stalled':
      case 'truncated': {
        const whole = JSON.stringify(body());
        // The length of the whole, so that the client knows that something is missing.
        res.writeHead(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(whole) });
        res.write(whole.slice(0, whole.length / 2), () => {
          if (fault.kind === 'truncated') res.destroy();
        });
        return;
      }
      case 'changed': {
        const changed = structuredClone(body()) as Record<string, unknown>;
        fault.change(changed);
        return send(res, 200, JSON.stringify(changed));
      }
    }
  }
  send(res, 200, JSON.stringify(body()));
}

/** Sends a refusal in Google's form; anything else that was thrown is a mistake in the stand-in, and says so. */
export function sendProblem(res: ServerResponse, thrown: unknown, headers: object = {}): void {
  const problem = thrown instanceof GoogleProblem ? thrown : problemOf(500, `The stand-in failed: ${thrown}`);
  send(res, problem.code, JSON.stringify(problem.body()), headers);
}

const JSON_TYPE = { 'content-type': 'application/json; charset=UTF-8' };

function send(res: ServerResponse, status: number, text: string, headers: object = {}): void {
  if (res.destroyed) return;
  res.writeHead(status, { ...JSON_TYPE, ...headers });
  res.end(text);
}
