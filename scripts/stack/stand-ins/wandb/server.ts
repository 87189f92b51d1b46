import type { IncomingMessage, ServerResponse } from 'node:http';
import { graphql } from 'graphql';
import { answer, json } from '../google/answer.ts';
import { type Faults, faultRegistry } from '../google/fault-book.ts';
import type { AnyRule } from '../google/faults.ts';
import { GoogleProblem } from '../google/problem.ts';
import { startServer } from '../google/server.ts';
import { rootOf, SCHEMA } from './schema.ts';
import type { WandbWorld } from './world.ts';

/** Stands in for the GraphQL API of Weights & Biases, on 127.0.0.1: documents are run against its schema, and pages cut as there. */

/** Which answers a fault is for: those that agree in everything that is named. */
export interface WandbRule extends AnyRule {
  project?: string;
  /** Something that the document holds, such as `logLines`. */
  document?: string;
}

/** A question that came. */
export interface WandbRequest {
  project: string;
  document: string;
  /** The header that came with it. */
  authorization: string | null;
}

export interface WandbOptions {
  /** The most that one page holds, whatever is asked for. */
  pageSize?: number;
  /** The key that is asked for; without it, any and none will do. */
  key?: string;
  /** The time of runs that beat; the real one unless given. */
  now?: () => Date;
}

/** The running stand-in. */
export interface Wandb {
  /** In place of `https://api.wandb.ai`. */
  baseUrl: string;
  faults: Faults<WandbRule>;
  /** The questions so far, oldest first; at most the last 10,000. */
  requests(): WandbRequest[];
  stop(): Promise<void>;
}

const REQUESTS_KEPT = 10_000;
const LONGEST_BODY = 100_000;

/** A refusal in W&B's words. */
class WandbProblem extends GoogleProblem {
  override body(): object {
    return { errors: [{ message: this.message, path: ['project'] }], data: { project: null } };
  }
}

/** Answers for `world`, which is read anew at each request, so that it may change meanwhile. */
export async function startWandb(
  world: WandbWorld,
  { pageSize = Number.POSITIVE_INFINITY, key, now = () => new Date() }: WandbOptions = {},
): Promise<Wandb> {
  const faults = faultRegistry<WandbRule, WandbRequest>(
    ({ project, document }, asked) =>
      (project === undefined || project === asked.project) &&
      (document === undefined || asked.document.includes(document)),
  );
  const seen: WandbRequest[] = [];
  const stopping = new AbortController();
  const problem = (status: number, message: string) => new WandbProblem(status, '', message);

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (req.method !== 'POST' || req.url !== '/graphql') throw problem(404, 'not found');
    const { query, variables } = await bodyOf(req, problem);
    const asked = {
      project: String(variables.project ?? ''),
      document: query,
      authorization: req.headers.authorization ?? null,
    };
    seen.push(asked);
    if (seen.length > REQUESTS_KEPT) seen.shift();
    const reply = async () => {
      if (key !== undefined && asked.authorization !== `Basic ${btoa(`api:${key}`)}`)
        throw problem(401, 'user is not logged in');
      const rootValue = rootOf(world, { most: pageSize, now: now() });
      const { data, errors } = await graphql({
        schema: SCHEMA,
        source: query,
        variableValues: variables,
        rootValue,
      });
      // A document that its schema does not allow has no data.
      if (!data) throw problem(400, errors?.[0]?.message ?? 'invalid document');
      return json({ data, ...(errors && { errors }) });
    };
    const denied = () => problem(403, 'permission denied');
    await answer(res, faults.take(asked), { reply, denied, problem }, stopping.signal);
  }

  const { origin, stop } = await startServer(0, serve);
  return {
    baseUrl: origin,
    faults: { add: faults.add, clear: faults.clear },
    requests: () => [...seen],
    async stop() {
      stopping.abort();
      await stop();
    },
  };
}

async function bodyOf(
  req: IncomingMessage,
  problem: (status: number, message: string) => Error,
): Promise<{ query: string; variables: Record<string, unknown> }> {
  let text = '';
  for await (const chunk of req.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST_BODY) throw problem(413, 'request too large');
  }
  const { query, variables = {} } = JSON.parse(text);
  if (typeof query !== 'string') throw problem(400, 'a document is needed');
  return { query, variables };
}
