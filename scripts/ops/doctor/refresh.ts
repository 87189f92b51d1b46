import { loadCatalog, loadServices } from '../../../functions/shared/catalog.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import { tablesOf } from '../../../functions/shared/model/workload/tables.ts';
import { apiOf } from '../shared/api-of.ts';
import { CannotCheck, type Check, type Finding } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';
import { DEPLOY, INVOKER, type LiveService, readService } from './services.ts';

/** Whether whoever looks at the workload tables has them refreshed: status calls the function that does. */

const SERVICE = 'status';
const OBSERVER = 'observe-workloads';
const VARIABLE = 'NIGHTSHIFT_OBSERVER_URL';

/** Nothing is looked at where no table is watched; on the local stack the function is called without a token. */
export function refreshChecks(connection: Connection): Check[] {
  const { environment, settings, target } = connection;
  const isWatched =
    tablesOf(settings.workloads).length > 0 &&
    loadCatalog(environment)[OBSERVER]?.enabled &&
    loadServices(environment)[SERVICE] !== undefined;
  if (target.kind !== 'real' || !isWatched) return [];
  return [
    {
      group: 'Workloads',
      what: 'refresh for viewers',
      async look() {
        const region = environment.NIGHTSHIFT_REGION;
        if (region === undefined)
          throw new CannotCheck('its region is not known: add --region REGION, or set NIGHTSHIFT_REGION');
        const place = { project: target.project, region };
        const [service, observer] = await Promise.all(
          [SERVICE, OBSERVER].map((name) => readService(apiOf(connection)('run'), { name, ...place })),
        );
        return refreshFinding(place, service as LiveService, observer as LiveService);
      },
      fix: (error) =>
        error instanceof UpstreamError && error.status === 404 ? `deploy it: ${DEPLOY}` : undefined,
    },
  ];
}

/** What keeps the service from having the tables refreshed. */
export function refreshFinding(
  { project, region }: { project: string; region: string },
  { service }: LiveService,
  { policy }: LiveService,
): Omit<Finding, 'what'> {
  const variables = (service.template?.containers ?? []).flatMap(({ env }) => env);
  if (!variables.some(({ name, value }) => name === VARIABLE && value))
    return {
      state: 'wrong',
      words: `${SERVICE} has no ${VARIABLE}: only the schedule refreshes`,
      mend: DEPLOY,
    };
  const member = `serviceAccount:${service.template?.serviceAccount ?? ''}`;
  if (policy.bindings.some(({ role, members }) => role === INVOKER && members.includes(member)))
    return { state: 'ok', words: `${SERVICE} has ${OBSERVER} refresh the tables while somebody looks` };
  return {
    state: 'wrong',
    words: `${SERVICE} may not call ${OBSERVER}: ${member} lacks ${INVOKER} on it`,
    mend: `gcloud run services add-iam-policy-binding ${OBSERVER} --member=${member} --role=${INVOKER} --region=${region} --project=${project}`,
  };
}
