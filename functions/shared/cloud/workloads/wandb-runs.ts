import { z } from 'zod';
import { addMs, DAY_MS } from '../../dates.ts';
import { UpstreamError } from '../../errors.ts';
import { orNull, type TimeForm } from '../../model/reading/reading.ts';
import { ENDED_WORDS } from '../../model/workload/tables/completed.ts';
import { timeAt } from '../backends/status.ts';
import type { Stage } from '../rest/rest.ts';
import type { CallLimits } from './table-reader.ts';
import type { WandbApi } from './wandb-api.ts';

/** The runs of a project of W&B. */

/** W&B writes times without their zone. */
export const IN_UTC: TimeForm = { type: 'iso', zone: 'UTC' };

/** What is asked of a run: neither its configuration nor its metrics, which are large and may hold secrets. */
const FIELDS = 'name displayName state createdAt heartbeatAt';
const PAGE_SIZE = 100;
/** Of each kind so many are enough: a table shows fewer. */
const ENOUGH = 200;
/** Runs that ended longer ago are not listed. */
const WINDOW_MS = 7 * DAY_MS;
/** Lines of a console: a reason stands near the end. */
const LINES = 300;

const runSchema = z.object({
  /** The id in its address, which no other run of the project ever has. */
  name: z.string().min(1),
  displayName: z.string().nullish(),
  state: z.string(),
  createdAt: z.unknown(),
  heartbeatAt: z.unknown(),
});
export type Run = z.infer<typeof runSchema>;

const connectionSchema = z.object({
  edges: z.array(z.object({ node: runSchema })),
  pageInfo: z.object({ endCursor: z.string().nullish(), hasNextPage: z.boolean() }),
});
type Connection = z.infer<typeof connectionSchema>;

const lineSchema = z.object({ number: z.number(), line: z.string().nullish() });

/** Active runs, and those that ended. */
const KINDS = ['active', 'ended'] as const;
type Kind = (typeof KINDS)[number];

/** The runs of one kind. */
export interface Runs {
  runs: Run[];
  /** Whether there are more than were read. */
  more: boolean;
}

/** The questions about the runs of projects. */
export interface WandbRuns {
  /** Active runs and those that ended lately, both from one question, however often it is called for a project. */
  of(place: string, now: Date, limits: CallLimits): Promise<Record<Kind, Runs>>;
  /** `null` where W&B itself says that the project has no such run. */
  run(place: string, id: string, limits: CallLimits): Promise<Run | null>;
  /** The last lines of its console, oldest first. */
  lines(place: string, id: string, limits: CallLimits): Promise<string[]>;
}

/** Opens the runs for one refresh. */
export function wandbRuns(api: WandbApi): WandbRuns {
  const asked = new Map<string, Shared>();
  return {
    of(place, now, { onStage, ...limits }) {
      const known = asked.get(place);
      const shared = known ?? share((tell) => askRuns(api, place, now, { ...limits, onStage: tell }));
      if (!known) asked.set(place, shared);
      if (onStage) shared.follow(onStage);
      return shared.answer;
    },

    async run(place, id, limits) {
      const schema = z.object({ run: runSchema.extend({ name: z.literal(id) }).nullable() });
      const document = documentOf('$id: String!', `run(name: $id) { ${FIELDS} }`);
      const question = { operation: `run ${id}`, document, variables: { id }, schema };
      return (await api.ask(place, question, limits)).run;
    },

    async lines(place, id, limits) {
      const operation = `logLines of ${id}`;
      const schema = z.object({
        run: z.object({ logLines: z.object({ edges: z.array(z.object({ node: lineSchema })) }) }).nullable(),
      });
      // Only `last`: how `first` and `after` are read depends on the version of the server.
      const document = documentOf(
        '$id: String!, $last: Int!',
        'run(name: $id) { logLines(last: $last) { edges { node { number line } } } }',
      );
      const question = { operation, document, variables: { id, last: LINES }, schema };
      const { run } = await api.ask(place, question, limits);
      if (!run)
        throw new UpstreamError(`Cannot finish W&B ${operation} (project ${place}): there is no such run`, {
          retryable: false,
        });
      const nodes = run.logLines.edges.map(({ node }) => node).sort((a, b) => a.number - b.number);
      return nodes.flatMap(({ line }) => (line ?? '').replace(/\n$/, '').split('\n'));
    },
  };
}

/** A question that several wait for: each is told how far it has come. */
interface Shared {
  answer: Promise<Record<Kind, Runs>>;
  follow(onStage: (stage: Stage) => void): void;
}

function share(ask: (tell: (stage: Stage) => void) => Shared['answer']): Shared {
  const followers: ((stage: Stage) => void)[] = [];
  let last: Stage = 'credentials';
  return {
    answer: ask((stage) => {
      last = stage;
      for (const follower of followers) follower(stage);
    }),
    follow(onStage) {
      onStage(last);
      followers.push(onStage);
    },
  };
}

function documentOf(variables: string, what: string): string {
  return `query ($entity: String!, $project: String!, ${variables}) {
  project(name: $project, entityName: $entity) { ${what} }
}`;
}

/** Which runs are of a kind, in the order in which they are read. What has not ended is active, whatever W&B calls it. */
const ASKED_FOR: Record<Kind, { filters: object; order: string }> = {
  active: { filters: { state: { $nin: ENDED_WORDS } }, order: '-created_at' },
  ended: { filters: { state: { $in: ENDED_WORDS } }, order: '-heartbeat_at' },
};

/** Reads both kinds page by page, each until there are enough, those that ended until they are old. */
async function askRuns(
  api: WandbApi,
  place: string,
  now: Date,
  limits: CallLimits,
): Promise<Record<Kind, Runs>> {
  const endsAt = performance.now() + limits.limitMs;
  const oldest = addMs(now, -WINDOW_MS);
  const found: Record<Kind, Runs> = { active: { runs: [], more: false }, ended: { runs: [], more: false } };
  let after: Partial<Record<Kind, string | null>> = { active: null, ended: null };
  const kindsLeft = () => KINDS.filter((kind) => after[kind] !== undefined);
  for (let page = 1; kindsLeft().length > 0; page += 1) {
    const limitMs = Math.max(1, Math.ceil(endsAt - performance.now()));
    const answer = await askPage(api, place, after, { ...limits, limitMs });
    const next: typeof after = {};
    for (const kind of kindsLeft()) {
      const { edges, pageInfo } = answer[kind] as Connection;
      const runs = edges.map(({ node }) => node);
      const recent =
        kind === 'active' ? runs : runs.filter(({ heartbeatAt }) => !isBefore(heartbeatAt, oldest));
      found[kind].runs.push(...recent);
      const isWhole = !pageInfo.hasNextPage || recent.length < runs.length;
      if (isWhole) continue;
      if (found[kind].runs.length >= ENOUGH) {
        found[kind].more = true;
        continue;
      }
      next[kind] = cursorAfter(pageInfo.endCursor, after[kind], `${place}, page ${page}`);
    }
    after = next;
  }
  return found;
}

async function askPage(
  api: WandbApi,
  place: string,
  after: Partial<Record<Kind, string | null>>,
  limits: CallLimits,
): Promise<Partial<Record<Kind, Connection>>> {
  const kinds = KINDS.filter((kind) => after[kind] !== undefined);
  const runsOf = (kind: Kind) => `${kind}: runs(
      filters: $${kind}, order: "${ASKED_FOR[kind].order}", first: ${PAGE_SIZE}, after: $${kind}After
    ) { edges { node { ${FIELDS} } } pageInfo { endCursor hasNextPage } }`;
  return api.ask(
    place,
    {
      operation: 'runs',
      document: documentOf(
        kinds.map((kind) => `$${kind}: JSONString!, $${kind}After: String`).join(', '),
        kinds.map(runsOf).join(' '),
      ),
      variables: Object.fromEntries(
        kinds.flatMap((kind) => [
          [kind, JSON.stringify(ASKED_FOR[kind].filters)],
          [`${kind}After`, after[kind]],
        ]),
      ),
      // Strict, and of each kind that was asked for: an answer of another form must not pass for an empty list.
      schema: z.strictObject(Object.fromEntries(kinds.map((kind) => [kind, connectionSchema]))),
    },
    limits,
  );
}

/** What is no time says nothing. */
function isBefore(value: unknown, instant: Date): boolean {
  const at = orNull(timeAt('heartbeatAt', value, IN_UTC).reading);
  return at !== null && at < instant;
}

function cursorAfter(
  next: string | null | undefined,
  before: string | null | undefined,
  where: string,
): string {
  if (next && next !== before) return next;
  const words = next ? 'came again' : 'is missing';
  throw new UpstreamError(`Cannot finish W&B runs (project ${where}): the cursor of the next page ${words}`, {
    retryable: false,
  });
}
