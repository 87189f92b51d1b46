import { type HttpSettings, readHttpAnswer } from '../../functions/shared/cloud/http-answer.ts';
import type { Said } from '../../functions/shared/cloud/said.ts';
import { backendSchema } from '../../functions/shared/model/backend.ts';
import { TERMINAL_STATES } from '../../functions/shared/model/states.ts';

/** What an HTTP endpoint says, without any endpoint. */

/** Settings as settings.json has them, of an endpoint at runs.example. */
export function httpSettingsOf(given: Record<string, unknown>): HttpSettings {
  const parsed = backendSchema.parse({ kind: 'http', url: 'https://runs.example/api/{id}', ...given });
  if (parsed.kind !== 'http') throw new Error('Expected an HTTP backend');
  return parsed;
}

/** Whether it says that the job ended. */
export function saysEnded({ state }: Pick<Said, 'state'>): boolean {
  return TERMINAL_STATES.some((terminal) => terminal === state);
}

/** What it says about a job by `answer`: text, or a value as JSON. */
export function saidBy(settings: HttpSettings, id: string, status: number, answer: unknown): Said {
  const url = settings.url.replaceAll('{id}', () => encodeURIComponent(id));
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const telling = { host: new URL(url).host, hide: (some: string) => some };
  return readHttpAnswer(settings, { id, url }, { status, text }, telling);
}
