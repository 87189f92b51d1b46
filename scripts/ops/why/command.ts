import type { Command } from 'commander';
import type { Source } from '../../../functions/shared/model/job/source.ts';
import { lineWidth } from '../../words/entries.ts';
import { oneLine, print, printJson } from '../../words/terminal.ts';
import { type Connection, connect, SILENT, uncounted } from '../shared/connect.ts';
import { oneOf } from '../shared/options.ts';
import { OpsProblem, usage } from '../shared/problem.ts';
import { placeOf } from '../shared/target.ts';
import { whileSaying } from '../shared/waiting.ts';
import { type NamedJob, tellStory } from './story.ts';
import { storyInWords } from './words.ts';

const HELP = `
JOB is the id of a job or the path of its record. What its backend says is asked now, with
your own credentials.

Examples:
  npm run -s ops -- why resnet-7
  npm run -s ops -- why jobs/resnet-7 --json`;

/** Adds `why <job>`: all that is known of one job. */
export function addWhy(program: Command): void {
  program
    .command('why')
    .description('the whole story of a job: its record, our changes, its backend, artifacts and days')
    .argument('<job>', 'its id, or the path of its record')
    .option('--source <source>', 'where several sources have a job of that id')
    .option('--json', 'print it as JSON')
    .addHelpText('after', HELP)
    .action(async (job: string, { source, json }: { source?: string; json?: true }) => {
      const connection = await connect();
      const story = await whileSaying('asking', tellStory(await find(job, source, connection), connection));
      if (json) printJson(story);
      else print(...storyInWords(story, connection.clock.now(), lineWidth()));
    });
}

/** The job of that id. Rejects with an OpsProblem where there is none, or several have it. */
async function find(jobId: string, given: string | undefined, connection: Connection): Promise<NamedJob> {
  const { settings, openSource, ask, target } = connection;
  const all = Object.keys(settings.sources);
  const names = given === undefined ? all : [oneOf('source', given, all)];
  const { activeJobStore } = await import('../../../functions/shared/store/sources/active-jobs.ts');
  const { NotOneJob } = await import('../../../functions/shared/errors.ts');
  const looked = await Promise.all(
    names.map(async (name) => {
      const source = settings.sources[name] as Source;
      const store = activeJobStore(name, source, { db: openSource(source), ours: false }, SILENT);
      const named = store.named(jobId, uncounted()).catch((error: unknown) => {
        throw error instanceof NotOneJob ? usage(error.message) : error;
      });
      return { store, seen: await ask(`looking for ${oneLine(jobId)}`, named, placeOf(target, source)) };
    }),
  );
  const found = looked.flatMap(({ store, seen }) => (seen ? [{ store, seen }] : []));
  const [one, other] = found;
  if (!one)
    throw new OpsProblem(
      `There is no job ${oneLine(jobId)} in ${placeOf(target)}: looked in ${names.join(', ')}`,
    );
  if (other)
    throw usage(
      `Several sources have a job ${oneLine(jobId)}: add --source ${found.map(({ store }) => store.name).join(' or ')}`,
    );
  return one;
}
