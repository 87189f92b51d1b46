import { z } from 'zod';
import { loadServices } from '../../../functions/shared/catalog.ts';
import { googleApi } from '../../../functions/shared/cloud/rest/google-api.ts';
import type { ApiOptions } from '../../../functions/shared/cloud/rest/rest.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';
import { ask } from '../../shared/ask.ts';
import { shell } from '../../shared/shell.ts';
import { servicePath } from '../../stack/serving/gateway.ts';
import { readStack } from '../../stack/state.ts';
import { plural } from '../../words/figures.ts';
import { apiOf } from '../shared/api-of.ts';
import { CALL_LIMIT_MS, CannotCheck, type Check, type Finding } from '../shared/check.ts';
import type { Connection } from '../shared/connect.ts';
import { stackOf } from '../shared/target.ts';

const LIMITS = { limitMs: CALL_LIMIT_MS };
/** What mends whatever differs from the project's Terraform. */
export const DEPLOY = 'npm run build && terraform -chdir=infra apply';
export const INVOKER = 'roles/run.invoker';
const PUBLIC = ['allUsers', 'allAuthenticatedUsers'];

/** https://docs.cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#Service, as far as it is looked at. */
const serviceSchema = z.looseObject({
  uri: z.string().optional(),
  template: z
    .looseObject({
      serviceAccount: z.string().optional(),
      containers: z
        .array(
          z.looseObject({
            env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
          }),
        )
        .optional(),
    })
    .optional(),
  terminalCondition: z.looseObject({ state: z.string(), message: z.string().optional() }).optional(),
  /** Whoever has the address is let in, whatever the policy says. */
  invokerIamDisabled: z.boolean().optional(),
});

/** https://docs.cloud.google.com/run/docs/reference/rest/Shared.Types/Policy; of nobody it holds no bindings. */
const policySchema = z.looseObject({
  bindings: z
    .array(z.looseObject({ role: z.string(), members: z.array(z.string()).default([]) }))
    .default([]),
});

/** A service as it is deployed, and who may call it. */
export interface LiveService {
  service: z.infer<typeof serviceSchema>;
  policy: z.infer<typeof policySchema>;
}

/** Where a service has to be. */
export interface ServicePlace {
  name: string;
  project: string;
  region: string;
}

/** Whether each service of the catalogue is there and answers, as what it runs, and who may call it: never everybody. */
export function serviceChecks(connection: Connection): Check[] {
  const { environment, target } = connection;
  return Object.keys(loadServices(environment)).map(
    (name): Check => ({
      group: 'Services',
      what: name,
      async look() {
        if (target.kind !== 'real')
          return servedFinding(name, stackOf(target, readStack(shell().env))?.gatewayUrl);
        const region = environment.NIGHTSHIFT_REGION;
        if (region === undefined)
          throw new CannotCheck('its region is not known: add --region REGION, or set NIGHTSHIFT_REGION');
        const place = { name, project: target.project, region };
        return serviceFinding(place, await readService(apiOf(connection)('run'), place));
      },
      fix: (error) =>
        error instanceof UpstreamError && error.status === 404 ? `deploy it: ${DEPLOY}` : undefined,
    }),
  );
}

/** Asks Cloud Run how a service is deployed, and who may call it. Rejects with UpstreamError. */
export async function readService(
  options: ApiOptions,
  { name, project, region }: ServicePlace,
): Promise<LiveService> {
  const run = googleApi('run', options);
  const path = `/v2/projects/${project}/locations/${region}/services/${name}`;
  const [service, policy] = await Promise.all([
    run.get(
      { operation: `services.get of ${name}`, path, schema: serviceSchema, permission: 'run.services.get' },
      LIMITS,
    ),
    run.get(
      {
        operation: `services.getIamPolicy of ${name}`,
        path: `${path}:getIamPolicy`,
        schema: policySchema,
        permission: 'run.services.getIamPolicy',
      },
      LIMITS,
    ),
  ]);
  return { service, policy };
}

/** What is wrong with a deployed service, the gravest first. */
export function serviceFinding(
  { name, project, region }: ServicePlace,
  { service, policy }: LiveService,
): Omit<Finding, 'what'> {
  const gcloud = (verb: string, ...rest: string[]) =>
    `gcloud run services ${[verb, name, ...rest].join(' ')} --region=${region} --project=${project}`;
  const wrong = (words: string, mend: string) => ({ state: 'wrong' as const, words, mend });
  const invokers = policy.bindings.flatMap(({ role, members }) => (role === INVOKER ? members : []));
  const everybody = invokers.find((member) => PUBLIC.includes(member));
  if (service.invokerIamDisabled)
    return wrong('everybody may call it: it checks nobody', gcloud('update', '--invoker-iam-check'));
  if (everybody)
    return wrong(
      `everybody may call it: ${everybody} has ${INVOKER}`,
      gcloud('remove-iam-policy-binding', `--member=${everybody}`, `--role=${INVOKER}`),
    );
  const { state, message = '' } = service.terminalCondition ?? { state: 'unknown' };
  if (state !== 'CONDITION_SUCCEEDED')
    return wrong(`it is not ready: ${[state, message].filter(Boolean).join(', ')}`, gcloud('describe'));
  const own = `nightshift-${name}@${project}.iam.gserviceaccount.com`;
  const account = service.template?.serviceAccount ?? 'the default service account';
  if (account !== own)
    return wrong(`it runs as ${account}, not as ${own}, which may do what it needs and no more`, DEPLOY);
  const who =
    invokers.length === 0
      ? `nobody may call it: name whoever may in ${name === 'report' ? 'reporters' : 'dashboard_viewers'}`
      : `${plural(invokers.length, 'member')} may call it`;
  return { state: 'ok', words: `ready at ${service.uri ?? 'no address'}, as ${own}; ${who}` };
}

/** Whether the stack behind a gateway serves it; beside an emulator without a stack that cannot be told. */
export async function servedFinding(
  name: string,
  gatewayUrl: string | undefined,
): Promise<Omit<Finding, 'what'>> {
  if (gatewayUrl === undefined) throw new CannotCheck('beside an emulator without a stack nothing serves it');
  const url = new URL(servicePath(name), gatewayUrl).href;
  const { status } = await ask(url, { method: 'GET', signal: AbortSignal.timeout(CALL_LIMIT_MS) });
  if (status < 500) return { state: 'ok', words: `answers at ${url}` };
  const words = `${url} answers HTTP ${status}`;
  return { state: 'wrong', words, mend: 'see .nightshift/logs, or start the stack anew' };
}
