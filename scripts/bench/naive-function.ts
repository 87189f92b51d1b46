import { Firestore } from '@google-cloud/firestore';
import { http } from '@google-cloud/functions-framework';
import { addMs } from '../../functions/shared/dates.ts';

/**
 * The same duty as people first write it: read the collection, count what lies on the day. It needs no index and no
 * thought, and is right; what it costs grows with the history.
 */
const db = new Firestore();

http('naive', async (request, response) => {
  const from = new Date(`${request.body.date}T00:00:00Z`);
  const to = addMs(from, 86_400_000);
  const figures = { started: 0, completed: 0, failed: 0, cancelled: 0, gpuHoursUsed: 0 };
  const jobs = await db.collection('jobs').get();
  for (const document of jobs.docs) {
    const job = document.data();
    const startedAt: Date | undefined = job.startedAt?.toDate();
    const endedAt: Date | undefined = job.endedAt?.toDate();
    if (startedAt && startedAt >= from && startedAt < to) figures.started += 1;
    if (endedAt && endedAt >= from && endedAt < to)
      figures[job.status as 'completed' | 'failed' | 'cancelled'] += 1;
    if (!startedAt) continue;
    const until = Math.min((endedAt ?? new Date()).getTime(), to.getTime());
    figures.gpuHoursUsed +=
      (job.gpus * Math.max(0, until - Math.max(startedAt.getTime(), from.getTime()))) / 3_600_000;
  }
  response.json({ documentsRead: jobs.size, figures });
});
