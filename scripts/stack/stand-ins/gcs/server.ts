import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answering, answer, type Reply, refused, refusedBy } from '../google/answer.ts';
import { type Faults, faultRegistry } from '../google/fault-book.ts';
import type { Fault } from '../google/faults.ts';
import { startServer } from '../google/server.ts';
import { type Request, type Understood, understand } from './api.ts';
import { BATCH_PATH, batchReply, callsOf } from './batch.ts';
import { applies, type GcsAsked, type GcsFaultRule } from './faults.ts';
import { PAGE_SIZE } from './listing.ts';
import type { Upload } from './method.ts';
import { denied, storageProblem } from './problem.ts';
import type { GcsWorld } from './world.ts';

/** A stack may run for days. */
const REQUESTS_KEPT = 100_000;

export interface GcsOptions {
  /** The most that one page of a list holds, whatever is asked for; 1,000, as of Cloud Storage itself, unless given. */
  pageSize?: number;
  /** How long every answer takes. */
  latencyMs?: number;
  /** How much longer a batch takes with every call in it. */
  batchCallMs?: number;
  /** 0, the default, for a free one. */
  port?: number;
}

/** A request that came, or a call in a batch that came. */
export interface SeenGcsRequest extends GcsAsked {
  at: Date;
  authorization: string | null;
}

/** The running stand-in. */
export interface Gcs {
  /** In place of `https://storage.googleapis.com`. */
  baseUrl: string;
  world: GcsWorld;
  faults: Faults<GcsFaultRule>;
  /** The requests so far that some method knows, a batch before its calls, oldest first; at most the last 100,000. */
  requests(): SeenGcsRequest[];
  stop(): Promise<void>;
}

/**
 * Stands in for Cloud Storage, for which Google ships no emulator, on 127.0.0.1: the JSON API with uploads, downloads and
 * batches, over a world in memory that may change meanwhile. Whoever may reach it may do everything.
 */
export async function startGcs(
  world: GcsWorld,
  { pageSize = PAGE_SIZE, latencyMs = 0, batchCallMs = 0, port = 0 }: GcsOptions = {},
): Promise<Gcs> {
  const faults = faultRegistry(applies);
  const seen: SeenGcsRequest[] = [];
  const stopping = new AbortController();
  const wait = async (ms: number) => {
    if (ms > 0) await sleep(ms, undefined, { signal: stopping.signal }).catch(() => {});
  };

  function note(asked: GcsAsked, { headers }: Request): void {
    seen.push({ ...asked, at: new Date(), authorization: headers.authorization ?? null });
    if (seen.length > REQUESTS_KEPT) seen.shift();
  }

  /** Answers the calls of a batch one by one, when the time for all of them is over. */
  async function batch(request: Request): Promise<Reply> {
    const calls = callsOf(request).map(({ id, ...call }, index) => {
      const { asked, ...answering } = understand(call, server, index + 1);
      note(asked, request);
      return { id, answering, faults: faults.take(asked) };
    });
    const delays = calls.flatMap((call) =>
      call.faults.map((fault) => (fault.kind === 'latency' ? fault.ms : 0)),
    );
    await wait(calls.length * batchCallMs + delays.reduce((sum, ms) => sum + ms, 0));
    return batchReply(calls.map(({ id, ...call }) => ({ id, reply: replyInBatch(call) })));
  }

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { method: verb = '', url: target = '' } = req;
    const headers = Object.fromEntries(
      Object.entries(req.headers).map(([name, value]) => [name, String(value)]),
    );
    const request: Request = { verb, target, headers, body: await buffer(req) };
    await wait(latencyMs);
    const isBatch = verb === 'POST' && target.split('?')[0] === BATCH_PATH;
    const { asked, ...answering } = isBatch
      ? understandBatch(() => batch(request))
      : understand(request, server, null);
    note(asked, request);
    await answer(res, faults.take(asked), answering, stopping.signal);
  }

  const { origin, stop } = await startServer(port, serve);
  const server = { world, origin, uploads: new Map<string, Upload>(), pageSize };
  return {
    baseUrl: origin,
    world,
    faults: { add: faults.add, clear: faults.clear },
    requests: () => [...seen],
    async stop() {
      stopping.abort();
      await stop();
    },
  };
}

function understandBatch(reply: Answering['reply']): Answering & { asked: GcsAsked } {
  const query = new URLSearchParams();
  return {
    asked: { method: 'batch', bucket: '', object: '', page: 1, call: null, query },
    reply,
    denied: (permission = 'storage.objects.delete') => denied(permission, 'Storage object'),
    problem: storageProblem,
  };
}

/** A call of a batch is answered by itself, whatever becomes of the others. */
function replyInBatch({
  answering,
  faults,
}: {
  answering: Omit<Understood, 'asked'>;
  faults: readonly Fault[];
}): Reply {
  try {
    for (const fault of faults) {
      if (fault.kind === 'latency') continue;
      if (fault.kind === 'status' || fault.kind === 'denied') return refusedBy(fault, answering);
      throw new TypeError(`A call of a batch cannot be spoilt by "${fault.kind}"`);
    }
    return answering.reply();
  } catch (error) {
    return refused(error);
  }
}
