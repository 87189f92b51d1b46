import { ask } from '../send/request.ts';
import { metadataUrl } from '../send/token.ts';

const LIMIT_MS = 1_000;

/** Whether the machine is being taken away, as its metadata server says; no answer is no proof. */
export async function isPreempted(env: NodeJS.ProcessEnv): Promise<boolean> {
  const answer = await ask(metadataUrl(env, 'preempted'), {
    method: 'GET',
    headers: { 'Metadata-Flavor': 'Google' },
    limitMs: LIMIT_MS,
  });
  return answer.kind === 'answer' && answer.status === 200 && answer.text.trim() === 'TRUE';
}
