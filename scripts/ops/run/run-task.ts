import { loadCatalog } from '../../../functions/shared/catalog.ts';
import type { Day } from '../../../functions/shared/dates.ts';
import { readEnvironment } from '../../../functions/shared/environment.ts';
import { isObject } from '../../shared/objects.ts';
import { shell } from '../../shared/shell.ts';
import { call, confirmCall, printAnswer } from '../shared/call.ts';
import { functionOf } from '../shared/function-place.ts';
import { oneOf } from '../shared/options.ts';
import { usage } from '../shared/problem.ts';
import { environmentHere } from '../shared/target.ts';
import { whileSaying } from '../shared/waiting.ts';

interface RunOptions {
  body?: string;
  date?: Day;
  dryRun?: true;
  url?: string;
  yes?: true;
  json?: true;
}

/** Calls the function of a task, and prints what it answered. */
export async function runTask(taskName: string, options: RunOptions): Promise<void> {
  const environment = options.url === undefined ? environmentHere() : readEnvironment(shell().env);
  const task = oneOf('task', taskName, Object.keys(loadCatalog(environment)));
  const body = bodyOf(options);
  const place = await functionOf(task, options.url);
  if (body.dryRun !== true) await confirmCall(place, `This runs ${task}`, options.yes);
  printAnswer(await call(place, body, (work) => whileSaying(`${task} is running`, work)), options);
}

/** The body to send: `--body` with `--date` and `--dry-run` merged in. Throws when they contradict. */
export function bodyOf({ body, date, dryRun }: RunOptions): Record<string, unknown> {
  const merged = body === undefined ? {} : parseBody(body);
  const flags = {
    ...(date === undefined ? {} : { date: ['--date', date] }),
    ...(dryRun ? { dryRun: ['--dry-run', true] } : {}),
  };
  for (const [key, [flag, value]] of Object.entries(flags)) {
    if (Object.hasOwn(merged, key)) throw usage(`Cannot use ${flag}: --body has the key "${key}" already`);
    merged[key] = value;
  }
  return merged;
}

function parseBody(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return { ...body };
  } catch (error) {
    throw usage(`Cannot read --body: ${error instanceof Error ? error.message : error}`);
  }
  throw usage(`Cannot use --body ${text}: a JSON object is expected`);
}
