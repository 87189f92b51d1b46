import { cloudScheduler } from '../../../functions/shared/cloud/scheduler.ts';
import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import { LOCATION } from '../../stack/stand-ins/scheduler/catalog-jobs.ts';
import { type Connection, SILENT } from '../shared/connect.ts';
import { unreachable, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';

const LIMITS = { limitMs: 15 * SECOND_MS };

/**
 * Cloud Scheduler of the deployment, and where that is, in words. Throws an OpsProblem where that is unknown; so does each
 * call that fails, in one line.
 */
export function openScheduler({
  target,
  environment,
  settings,
}: Pick<Connection, 'target' | 'environment' | 'settings'>) {
  const baseUrl = settings.baseUrls.scheduler;
  const isReal = target.kind === 'real';
  if (!isReal && !baseUrl)
    throw unreachable(
      'Cannot ask Cloud Scheduler: beside a Firestore emulator only a stand-in is, and baseUrls.scheduler names none. Start the stack: npm start',
    );
  const region = environment.NIGHTSHIFT_REGION ?? (isReal ? undefined : LOCATION);
  if (region === undefined)
    throw usage(
      'Cannot tell where the jobs of Cloud Scheduler are: add --region REGION, or set NIGHTSHIFT_REGION',
    );
  const { list, run, pause, resume } = cloudScheduler({
    project: target.project,
    region,
    baseUrl,
    log: SILENT,
  });
  const change = (call: typeof run) => (task: string) => inOneLine(call(task, LIMITS));
  return {
    isStandIn: !isReal,
    place: isReal
      ? `${placeOf(target)}, region ${region}`
      : `the stand-in at ${new URL(baseUrl ?? '').host} (project ${target.project}, region ${region})`,
    scheduler: {
      list: () => inOneLine(list(LIMITS)),
      run: change(run),
      pause: change(pause),
      resume: change(resume),
    },
  };
}

async function inOneLine<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof UpstreamError || error instanceof DeadlineExceeded)
      throw unreachable(error.message, error);
    throw error;
  }
}
