import { Firestore } from '@google-cloud/firestore';
import { http } from '@google-cloud/functions-framework';

/**
 * The same duty as people first write it: a transaction for each report, which reads the record and writes what the report
 * says where it is newer. Jobs are not waited for one after another, but the reports of one are.
 */
const db = new Firestore();

interface Told {
  job: string;
  seq: number;
  at: string;
  startedAt: string;
  state: string;
  progress?: object;
}

http('naive', async (request, response) => {
  const jobs = Map.groupBy(request.body.reports as Told[], ({ job }) => job);
  const results = await Promise.all([...jobs.values()].map(apply));
  response.json({ results: results.flat() });
});

async function apply(reports: Told[]): Promise<{ job: string; result: string }[]> {
  const results: { job: string; result: string }[] = [];
  for (const { job, seq, at, startedAt, state, progress } of reports) {
    const ref = db.collection('jobs').doc(job);
    const result = await db.runTransaction(async (transaction) => {
      const found = await transaction.get(ref);
      if (found.exists && found.get('report.seq') >= seq) return 'duplicate';
      const record = {
        status: state,
        startedAt: new Date(startedAt),
        heartbeatAt: new Date(at),
        updatedAt: new Date(),
        report: { seq, progress: progress ?? null },
      };
      transaction.set(ref, record, { merge: true });
      return 'applied';
    });
    results.push({ job, result });
  }
  return results;
}
