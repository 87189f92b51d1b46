import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { shell } from '../../shared/shell.ts';
import { servicePath } from '../../stack/serving/gateway.ts';
import { readStack } from '../../stack/state.ts';
import { paint, print, printJson } from '../../words/terminal.ts';
import { unreachable, usage } from '../shared/problem.ts';
import { environmentOf, placeOf, resolveTarget, stackOf } from '../shared/target.ts';

/** The service that has the page; in a project it is the whole of it. */
const SERVICE = 'status';
/** Where gcloud's proxy listens unless another port is named. */
const PROXY_URL = 'http://localhost:8080/';

/** Where the page is. */
export interface PagePlace {
  /** What it is about, in words. */
  place: string;
  url: string;
  /** The command that brings it to this machine and goes on until it is stopped; `null` where none is needed. */
  proxy: string | null;
}

/** Prints where the page is, and opens it where that was asked. */
export async function showPage({ json, open }: { json?: true; open?: true }): Promise<void> {
  const page = pagePlace();
  if (json) printJson(page);
  else print(...inWords(page));
  if (!open) return;
  if (page.proxy !== null)
    throw usage(`Cannot open the page of ${page.place}: start its proxy first, the line above`);
  await openInBrowser(page.url);
}

/** Where the page of the running stack or of the project that is named is. Throws where neither has one. */
export function pagePlace(): PagePlace {
  const { env } = shell();
  const stack = readStack(env);
  const target = resolveTarget(env, stack);
  const place = placeOf(target);
  if (target.kind === 'real') {
    const { NIGHTSHIFT_REGION: region } = environmentOf(target, env, stack);
    if (region === undefined)
      throw usage(
        `Cannot tell in which region the service of ${place} is. Add --region REGION, or set NIGHTSHIFT_REGION`,
      );
    const proxy = `gcloud run services proxy ${SERVICE} --region=${region} --project=${target.project}`;
    return { place, url: PROXY_URL, proxy };
  }
  const own = stackOf(target, stack);
  if (!own) throw usage(`Cannot tell where the page is: no stack that runs here is on ${place}`);
  return { place, url: new URL(servicePath(SERVICE), own.gatewayUrl).href, proxy: null };
}

function inWords({ place, url, proxy }: PagePlace): string[] {
  if (proxy === null) return [`The page of ${place}: ${paint.cyan(url)}`];
  return [
    `The page of ${place} is private. Run, and leave running:`,
    `  ${paint.cyan(proxy)}`,
    `Then open ${paint.cyan(url)}`,
  ];
}

const OPENERS: Partial<Record<NodeJS.Platform, [program: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Opens `url` in the browser of this machine. Rejects with an OpsProblem where there is none. */
async function openInBrowser(url: string): Promise<void> {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const browser = spawn(program, [...args, url], { env: shell().env, stdio: 'ignore', detached: true });
  try {
    await once(browser, 'spawn');
  } catch (error) {
    throw unreachable(`Cannot open a browser here: there is no ${program}. Open ${url} yourself`, error);
  }
  browser.unref();
}
