import { lineWidth } from '../../words/entries.ts';
import { print, printJson } from '../../words/terminal.ts';
import { connect } from '../shared/connect.ts';
import { findJob, jobStores } from '../shared/find-job.ts';
import { whileSaying } from '../shared/waiting.ts';
import { readStory } from './story.ts';
import { storyInWords } from './words.ts';

/** Prints all that is known of one job. */
export async function showJob(
  jobId: string,
  { source, json }: { source?: string; json?: true },
): Promise<void> {
  const connection = await connect();
  const job = await findJob(jobId, await jobStores(connection, source), connection);
  const story = await whileSaying('asking', readStory(job, connection));
  if (json) printJson(story);
  else print(...storyInWords(story, connection.clock.now(), lineWidth()));
}
