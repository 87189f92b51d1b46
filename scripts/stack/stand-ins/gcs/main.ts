/**
 * The stand-in in a process of its own, so that what is measured against it does not pay for it:
 *
 *   node scripts/stack/stand-ins/gcs/main.ts '{"project": "acme-ml", "buckets": [{"name": "b", "objects": {"count": 1000}}]}'
 *
 * Its first line is its address. Ends by a signal, or with the process that forked it.
 */
import { z } from 'zod';
import { InvalidConfiguration } from '../../../../functions/shared/errors.ts';
import { parseWithProblems } from '../../../../functions/shared/problems.ts';
import { startGcs } from './server.ts';
import { emptyGcs } from './world.ts';

const count = z.int().min(0);

const configSchema = z.strictObject({
  project: z.string(),
  port: count.default(0),
  latencyMs: count.default(0),
  batchCallMs: count.default(0),
  buckets: z.array(
    z.strictObject({
      name: z.string(),
      versioning: z.boolean().default(false),
      softDeleteSeconds: count.default(604_800),
      /** Objects of zeros, named by their number in eight digits. */
      objects: z
        .strictObject({
          count,
          prefix: z.string().default(''),
          size: count.default(0),
          ageDays: count.default(0),
        })
        .optional(),
    }),
  ),
});

const parsed = parseWithProblems(configSchema, JSON.parse(process.argv[2] ?? '{}'));
if (!parsed.ok) throw new InvalidConfiguration('the argument', parsed.problems);
const { project, buckets, ...options } = parsed.value;
const world = emptyGcs(project);
for (const { objects, ...bucket } of buckets) {
  world.addBucket(bucket);
  const createdAt = new Date(Date.now() - (objects?.ageDays ?? 0) * 86_400_000);
  for (let index = 0; index < (objects?.count ?? 0); index += 1)
    world.putObject({
      bucket: bucket.name,
      name: `${objects?.prefix}${String(index).padStart(8, '0')}`,
      size: objects?.size ?? 0,
      createdAt,
    });
}
const { baseUrl } = await startGcs(world, options);
process.on('disconnect', () => process.exit(0));
console.log(baseUrl);
