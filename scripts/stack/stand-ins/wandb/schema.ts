import { buildSchema } from 'graphql';
import { matches } from './filters.ts';
import type { WandbProject, WandbRun, WandbWorld } from './world.ts';

/**
 * As much of W&B's schema as runs need, in its own names and types, as its client asks for them (https://github.com/wandb/wandb,
 * wandb/apis/public/runs.py and log_lines.py). What is not here is refused, as it would be there.
 */
export const SCHEMA = buildSchema(`
  scalar DateTime
  scalar JSONString
  type Query { project(name: String, entityName: String): Project }
  type Project {
    id: ID!
    name: String!
    runCount(filters: JSONString): Int!
    runs(filters: JSONString, order: String, first: Int, after: String): RunConnection
    run(name: String!): Run
  }
  type RunConnection { edges: [RunEdge!]! pageInfo: PageInfo! }
  type RunEdge { node: Run! cursor: String! }
  type PageInfo { endCursor: String hasNextPage: Boolean! }
  type Run {
    id: ID!
    name: String!
    displayName: String
    sweepName: String
    state: String
    config: JSONString
    summaryMetrics: JSONString
    createdAt: DateTime!
    heartbeatAt: DateTime
    logLineCount: Int
    logLines(first: Int, after: String, last: Int): LogLineConnection
  }
  type LogLineConnection { edges: [LogLineEdge!]! }
  type LogLineEdge { node: LogLine! }
  type LogLine { number: Int! line: String level: String timestamp: DateTime }
`);

/** What a page holds when nobody asks for a size. */
const PAGE_SIZE = 50;

interface RunsAsked {
  filters?: string;
  order?: string;
  first?: number;
  after?: string;
}

/** What a document is answered from at `now`; `most` is the most that one page holds, whatever is asked for. */
export function rootOf(given: WandbWorld, { most, now }: { most: number; now: Date }): object {
  const world = asOf(given, now);
  return {
    project({ name, entityName }: { name?: string; entityName?: string }) {
      const found = world.projects.find((it) => it.entity === entityName && it.name === name);
      // Of one that the key may not see it says the same.
      return found ? projectOf(found, most) : null;
    },
  };
}

/** A run whose last beat is a time. */
interface SeenRun extends Omit<WandbRun, 'heartbeatAt'> {
  heartbeatAt: Date | null;
}
interface SeenProject extends Omit<WandbProject, 'runs'> {
  runs: SeenRun[];
}

function asOf({ projects }: WandbWorld, now: Date): { projects: SeenProject[] } {
  const seen = (run: WandbRun): SeenRun => {
    const { heartbeatAt } = run;
    return { ...run, heartbeatAt: heartbeatAt === 'now' ? now : heartbeatAt };
  };
  return { projects: projects.map((project) => ({ ...project, runs: project.runs.map(seen) })) };
}

function projectOf(project: SeenProject, most: number): object {
  const found = ({ filters, order }: RunsAsked) =>
    project.runs.filter(matches(filters)).sort(byOrder(order ?? '-created_at'));
  return {
    id: idOf('Project', project.name),
    name: project.name,
    runCount: (asked: RunsAsked) => found(asked).length,
    runs({ first = PAGE_SIZE, after, ...asked }: RunsAsked) {
      const all = found(asked);
      const begin = after ? all.findIndex(({ name }) => cursorOf(name) === after) + 1 : 0;
      if (after && begin === 0) throw new Error('invalid cursor');
      const page = all.slice(begin, begin + Math.min(first, most));
      return {
        edges: page.map((run) => ({ node: runOf(run), cursor: cursorOf(run.name) })),
        pageInfo: {
          endCursor: page.length > 0 ? cursorOf(page.at(-1)?.name ?? '') : null,
          hasNextPage: begin + page.length < all.length,
        },
      };
    },
    run({ name }: { name: string }) {
      const run = project.runs.find((it) => it.name === name);
      return run ? runOf(run) : null;
    },
  };
}

function runOf({ name, displayName, state, createdAt, heartbeatAt, lines }: SeenRun): object {
  return {
    id: idOf('Run', name),
    name,
    displayName,
    state,
    createdAt: timeOf(createdAt),
    heartbeatAt: heartbeatAt && timeOf(heartbeatAt),
    logLineCount: lines.length,
    logLines({ last }: { last?: number }) {
      if (last === undefined) throw new Error('the stand-in only knows the last lines');
      const nodes = lines.map((line, number) => ({ number, line, level: null, timestamp: null }));
      return { edges: nodes.slice(-last).map((node) => ({ node })) };
    },
  };
}

function byOrder(order: string): (a: SeenRun, b: SeenRun) => number {
  const [, sign, field] = /^([+-])(created_at|heartbeat_at)$/.exec(order) ?? [];
  if (!field) throw new Error(`invalid order: ${order}`);
  const of = (run: SeenRun) => (field === 'created_at' ? run.createdAt : run.heartbeatAt)?.getTime() ?? 0;
  return (a, b) => (sign === '-' ? of(b) - of(a) : of(a) - of(b));
}

/** Without its zone, as W&B writes it. */
function timeOf(at: Date): string {
  return at.toISOString().slice(0, 19);
}

function idOf(type: string, name: string): string {
  return btoa(`${type}:v1:${encodeURIComponent(name)}`);
}

function cursorOf(name: string): string {
  return btoa(`cursor:${encodeURIComponent(name)}`);
}
