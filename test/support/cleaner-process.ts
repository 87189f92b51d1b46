/**
 * One run of cleanup-artifacts in a process of its own, to be killed at any point:
 *
 *   node test/support/cleaner-process.ts '{"project": "...", "baseUrl": "...", "leaseSeconds": 2, "policy": {}}'
 *
 * Prints the answer.
 */
import { Firestore } from '@google-cloud/firestore';
import { policyWith, runnerOf, sourcesOf } from './cleaner.ts';
import { NOW } from './cleanup.ts';

const { project, baseUrl, leaseSeconds, policy } = JSON.parse(process.argv[2] ?? '{}');
const db = new Firestore({ projectId: project });
const { deliver } = runnerOf({
  db,
  baseUrl,
  sources: sourcesOf(['jobs']),
  entry: { leaseSeconds },
  now: () => NOW,
  policy: () => policyWith(policy),
});
console.log(JSON.stringify(await deliver()));
await db.terminate();
