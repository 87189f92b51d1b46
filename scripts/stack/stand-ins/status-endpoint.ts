import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, json } from './google/answer.ts';
import { type Faults, faultRegistry } from './google/fault-book.ts';
import type { AnyRule } from './google/faults.ts';
import { problemOf } from './google/problem.ts';
import { startServer } from './google/server.ts';

/** Stands in for the status endpoint that a user's own job system may have: a GET per job, behind a token. */

/** Which answers a fault is for; all of them unless an id is named. */
export interface StatusRule extends AnyRule {
  id?: string;
}

/** A request that came, and the token that it brought. */
interface StatusRequest {
  path: string;
  token: string | undefined;
}

/** The running endpoint. */
export interface StatusEndpoint {
  /** Its address, with `{id}` where the job's id goes. */
  url: string;
  faults: Faults<StatusRule>;
  /** The requests so far. */
  requests(): StatusRequest[];
  stop(): Promise<void>;
}

/**
 * Answers for `jobs`, read anew at each request: the body of each under its id. Where `token` is given, requests without it in
 * the header X-Token are refused.
 */
export async function startStatusEndpoint(
  jobs: ReadonlyMap<string, object>,
  token?: string,
): Promise<StatusEndpoint> {
  const faults = faultRegistry<StatusRule, string>(({ id }, asked) => id === undefined || id === asked);
  const requests: StatusRequest[] = [];
  const stopping = new AbortController();

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? '';
    const given = req.headers['x-token'];
    requests.push({ path, token: given?.toString() });
    const id = decodeURIComponent(/^\/jobs\/([^/?]+)$/.exec(path)?.[1] ?? '');
    const denied = () => problemOf(403, 'Not for you.');
    const reply = () => {
      if (token !== undefined && given !== token) return json({ error: 'A token is needed.' }, 401);
      const job = jobs.get(id);
      return job ? json(job) : json({ error: `There is no job "${id}".` }, 404);
    };
    await answer(res, faults.take(id), { reply, denied, problem: problemOf }, stopping.signal);
  }

  const { origin, stop } = await startServer(0, serve);
  return {
    url: `${origin}/jobs/{id}`,
    faults: { add: faults.add, clear: faults.clear },
    requests: () => [...requests],
    async stop() {
      stopping.abort();
      await stop();
    },
  };
}
