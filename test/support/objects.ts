import { buffer } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import type { ApiOptions } from '../../functions/shared/cloud/rest/rest.ts';
import { cloudObjects } from '../../functions/shared/cloud/storage/objects.ts';
import type { Gcs, GcsOptions } from '../../scripts/stack/stand-ins/gcs/server.ts';
import type { GcsWorld } from '../../scripts/stack/stand-ins/gcs/world.ts';
import { send } from '../../scripts/stack/stand-ins/google/answer.ts';
import { startServer } from '../../scripts/stack/stand-ins/google/server.ts';
import { setupGcs } from './gcs.ts';
import { AT_ONCE, PROJECT, recordedLog } from './google.ts';

export const BUCKET = 'acme-artifacts';

/** Names that something on the way could take for something else. */
export const ODD_NAMES = [
  'jobs/a b',
  'jobs/a+b',
  'jobs/a%2Fb',
  'jobs/a/b',
  'jobs/a#1',
  'jobs/a?generation=1',
  'jobs/a&b=c;d',
  'jobs/ü/模型/🤖',
  'jobs/line\nfeed',
  'jobs/\r\n--nightshift-batch--\r\n',
  'jobs/\u2028\u0085',
  'jobs/../b',
  'jobs/"quoted" \\',
  "jobs/!'()*~",
];

/** An empty bucket in a project whose time stands still, what asks for its objects, and the log of that. */
export async function setupObjects(
  context: TestContext,
  { over = {}, ...options }: GcsOptions & { over?: Partial<ApiOptions> } = {},
) {
  const { clock, world, gcs } = await setupGcs(context, options);
  world.addBucket({ name: BUCKET });
  const { log, lines } = recordedLog();
  const objects = cloudObjects({
    project: PROJECT,
    baseUrl: gcs.baseUrl,
    log,
    ...over,
    retry: { ...AT_ONCE, ...over.retry },
  });
  return { clock, world, gcs, objects, lines, statuses: () => lines.map(({ status }) => status) };
}

/** Puts so many objects, or those of these names; each as one would find it in a list. */
export function fill(world: GcsWorld, names: number | readonly string[], bucket = BUCKET) {
  const all =
    typeof names === 'number'
      ? Array.from({ length: names }, (_, index) => `jobs/${String(index).padStart(6, '0')}`)
      : names;
  return all.map((name) => {
    const { generation } = world.putObject({ bucket, name, size: 1 });
    return { name, generation: String(generation) };
  });
}

/** How many results of each kind there are. */
export function countsOf(results: readonly { result: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { result } of results) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}

/** What asks for the objects through a proxy that hands on whatever passes, answers as `change` makes them. */
export async function throughProxy(
  context: TestContext,
  { baseUrl: target }: Gcs,
  change: (text: string) => string = (text) => text,
) {
  const seen = { underWay: 0, most: 0 };
  const { origin, stop } = await startServer(0, async (req, res) => {
    const body = await buffer(req);
    seen.underWay += 1;
    seen.most = Math.max(seen.most, seen.underWay);
    const headers = { 'content-type': req.headers['content-type'] ?? '' };
    const answer = await fetch(`${target}${req.url}`, { method: 'POST', headers, body });
    const text = change(await answer.text());
    seen.underWay -= 1;
    const contentType = answer.headers.get('content-type') ?? '';
    send(res, { status: answer.status, headers: { 'content-type': contentType }, body: text });
  });
  context.after(stop);
  const { log } = recordedLog();
  return { objects: cloudObjects({ project: PROJECT, baseUrl: origin, log, retry: AT_ONCE }), seen };
}
