import { SECOND_MS } from '../../../functions/shared/dates.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import { loadSettings } from '../../../functions/shared/settings.ts';
import { chosenPlace, shell } from '../../shared/shell.ts';
import { readStack } from '../../stack/state.ts';
import { requireCredentials, SILENT } from './connect.ts';
import { unreachable, usage } from './problem.ts';
import { environmentOf, placeOf, resolveTarget, stackOf } from './target.ts';

const LIMITS = { limitMs: 15 * SECOND_MS };

/** Where the function of a task is called. */
export interface FunctionPlace {
  url: URL;
  /** Whether what it writes to is, or may be, a real project. */
  isReal: boolean;
  /** What a call acts on, in words. */
  words: string;
}

/**
 * Where the function of `task` is: at `given`, else at the gateway of the running stack, else in the real project that is
 * named, by the list of Cloud Run. Rejects with an OpsProblem where it cannot be found.
 */
export async function functionOf(task: string, given: string | undefined): Promise<FunctionPlace> {
  if (given !== undefined) return placeAt(parseUrl(given));
  const { env } = shell();
  const stack = readStack(env);
  const target = resolveTarget(env, stack);
  if (target.kind === 'real') return inProject(task, target.project);
  const { PORT } = env;
  const own = stackOf(target, stack);
  const base = own?.gatewayUrl ?? (PORT ? `http://127.0.0.1:${PORT}` : undefined);
  if (base === undefined)
    throw usage(
      `Cannot tell where the function of ${task} is: no stack that runs here is on ${placeOf(target)}. Add --url URL`,
    );
  const url = new URL(task, base.endsWith('/') ? base : `${base}/`);
  return { url, isReal: false, words: own ? stackWords(own) : `the functions at ${url.origin}` };
}

function stackWords({ gatewayUrl, project }: { gatewayUrl: string; project: string }): string {
  return `the local stack at ${new URL(gatewayUrl).origin} (project ${project})`;
}

function parseUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url;
  throw usage(`Cannot use --url ${text}: an http or https URL is expected`);
}

function placeAt(url: URL): FunctionPlace {
  if (!/^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) {
    const [, project] = /^[a-z]+-[a-z]+\d+-(.+)\.cloudfunctions\.net$/.exec(url.hostname) ?? [];
    const words = project ? placeOf({ kind: 'real', project }) : `the Google Cloud project of ${url.host}`;
    return { url, isReal: true, words };
  }
  const { env } = shell();
  const stack = readStack(env);
  if (stack && new URL(stack.gatewayUrl).origin === url.origin)
    return { url, isReal: false, words: stackWords(stack) };
  // A function that was started by hand writes to the project that its shell names.
  const { GOOGLE_CLOUD_PROJECT, FIRESTORE_EMULATOR_HOST: host } = env;
  const project = chosenPlace().project ?? GOOGLE_CLOUD_PROJECT;
  if (project && !host && project !== stack?.project)
    return { url, isReal: true, words: placeOf({ kind: 'real', project }) };
  return { url, isReal: false, words: `the functions at ${url.origin}` };
}

/** The service below the function, which has the name of its task, in whatever region it is. */
async function inProject(task: string, project: string): Promise<FunctionPlace> {
  const place = placeOf({ kind: 'real', project });
  const environment = environmentOf({ kind: 'real', project }, shell().env, undefined);
  const region = environment.NIGHTSHIFT_REGION;
  const baseUrl = loadSettings(environment).baseUrls.run;
  // A stand-in is sent no credentials.
  if (!baseUrl?.startsWith('http://')) await requireCredentials(place);
  const { cloudRun } = await import('../../../functions/shared/cloud/run-services.ts');
  const remedy = 'Or name it: --url URL, as terraform -chdir=infra output functions prints it';
  const { services } = await cloudRun({ project, baseUrl, log: SILENT })
    .services(LIMITS, region)
    .catch((error: unknown) => {
      if (!(error instanceof UpstreamError || error instanceof DeadlineExceeded)) throw error;
      throw unreachable(`Cannot find the function of ${task}: ${error.message}. ${remedy}`, error);
    });
  const found = services.filter(({ name, url }) => name === task && url !== null);
  const [one, other] = found;
  if (!one?.url)
    throw unreachable(
      `Cannot find the function of ${task}: Cloud Run has no service of that name in ${place}${region ? `, region ${region}` : ''}. ${remedy}`,
    );
  if (other)
    throw usage(
      `Cannot tell which function of ${task} is meant: ${place} has one in ${found.map((it) => it.region).join(' and ')}. Add --region REGION, or set NIGHTSHIFT_REGION`,
    );
  return { url: new URL(one.url), isReal: true, words: `${place} (${new URL(one.url).host})` };
}
