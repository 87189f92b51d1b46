import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readHttpAnswer } from '../../functions/shared/cloud/backends/http/http-answer.ts';
import type { BackendStatus } from '../../functions/shared/cloud/backends/status.ts';
import { backendSchema } from '../../functions/shared/model/job/backend.ts';
import type { HttpSettings } from '../../functions/shared/model/job/backends/http.ts';
import { TERMINAL_STATES } from '../../functions/shared/model/job/states.ts';

/** What an HTTP endpoint says, without any endpoint. */

/** Settings as settings.json has them, of an endpoint at runs.example. */
export function httpSettingsOf(given: Record<string, unknown>): HttpSettings {
  const parsed = backendSchema.parse({ kind: 'http', url: 'https://runs.example/api/{id}', ...given });
  if (parsed.kind !== 'http') throw new Error('Expected an HTTP backend');
  return parsed;
}

/** Whether it says that the job ended. */
export function saysEnded({ state }: Pick<BackendStatus, 'state'>): boolean {
  return TERMINAL_STATES.some((terminal) => terminal === state);
}

/** What it says about a job by `answer`: text, or a value as JSON. */
export function saidBy(settings: HttpSettings, id: string, status: number, answer: unknown): BackendStatus {
  const url = settings.url.replaceAll('{id}', () => encodeURIComponent(id));
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const telling = { host: new URL(url).host, hide: (some: string) => some };
  return readHttpAnswer(settings, { id, url }, { status, text }, telling);
}

/** Times of the examples. */
export const START = '2026-03-09T10:00:00.000Z';
export const END = '2026-03-09T11:30:00.000Z';

/** A system that runs jobs, settings that read its answers, and answers as its API gives them. */
export interface System {
  id: string;
  settings: Record<string, unknown>;
  cases: [what: string, status: number, answer: unknown, expected: Expected][];
}
type Expected = [state: BackendStatus['state'], startedAt: string | null, endedAt: string | null];

/** Tests that each system is understood. */
export function testSystems(systems: Record<string, System>): void {
  for (const [system, { id, settings, cases }] of Object.entries(systems))
    describe(system, () => {
      const read = httpSettingsOf(settings);
      for (const [what, status, answer, expected] of cases)
        test(`${what} is ${expected[0]}`, () => {
          const said = saidBy(read, id, status, answer);
          const times = [said.startedAt, said.endedAt].map((at) => at?.toISOString() ?? null);
          assert.deepEqual([said.state, ...times], expected, said.said);
        });
    });
}
