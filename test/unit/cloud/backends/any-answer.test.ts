import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseJson, valueAt } from '../../../../functions/shared/model/reading/json-path.ts';
import { readJsonTime } from '../../../../functions/shared/model/reading/reading.ts';
import { httpSettingsOf, saidBy, saysEnded } from '../../../support/http-answers.ts';
import { anyOf, oddText, oddValue, spoil } from '../../../support/odd-json.ts';
import { seededRandom, sized } from '../../../support/soak.ts';

const STATUSES = [...Array(20).fill(200), 201, 204, 302, 400, 401, 404, 404, 410, 418, 429, 500, 503];
const MAPPINGS = [
  {
    state: 'status.phase',
    error: 'status.reason',
    startedAt: 'times[0]',
    endedAt: { path: 'times[1]', type: 'seconds' },
  },
  {
    state: '(status.phase || to_string(length(times)))',
    absent: 'running',
    error: "join(',', times)",
    startedAt: { path: 'max(times)', type: 'millis' },
    endedAt: { path: 'times[-1]', zone: 'UTC' },
    gone: { path: 'status.reason', is: ['NotFound', 404, true] },
  },
  {
    state: 'list[?ok].word | [0]',
    endedAt: { path: 'sort_by(list, &at)[-1].at', type: 'http' },
    gone: { path: 'length(list)', is: 0 },
  },
].map((mapping) =>
  httpSettingsOf({
    ...mapping,
    statuses: {
      waiting: 'queued',
      busy: 'running',
      asleep: 'suspended',
      stopped: 'cancelled',
      done: 'completed',
      SUCCESS: 'completed',
      broken: 'failed',
      1: 'completed',
      true: 'failed',
    },
  }),
);

const good = (phase: string) => ({
  id: 'job-7',
  status: { phase, reason: 'exit code 1' },
  times: ['2026-03-09T10:00:00Z', 1_773_054_000],
  list: [
    { ok: false, word: 'busy', at: '' },
    { ok: true, word: phase, at: 'Mon, 09 Mar 2026 11:00:00 GMT' },
  ],
});

describe('whatever an HTTP endpoint answers', () => {
  test('is said in words, and ends a job only where every time that it tells was read', (t) => {
    const random = seededRandom(t.diagnostic.bind(t));
    const seen = new Map<string, number>();
    for (let run = 0; run < sized(300, 10_000); run += 1) {
      const settings = anyOf(MAPPINGS, random);
      const status = anyOf(STATUSES, random);
      const body = good(anyOf(['done', 'broken', 'busy', 'asleep'], random));
      spoil(body, random);
      const text =
        random() < 0.8 ? JSON.stringify(body) : random() < 0.5 ? oddText(random) : String(oddValue(random));
      const answer = `${status} ${text}`;
      const said = saidBy(settings, 'job-7', status, text);
      seen.set(said.state, (seen.get(said.state) ?? 0) + 1);

      assert.match(
        said.said,
        /^(runs\.example says|Cannot (read|finish) runs\.example GET of job-7: ) ?./,
        answer,
      );
      if (said.unreadable) assert.ok(said.said.includes(said.unreadable), answer);
      if (said.state === 'gone') assert.ok(![302, 401, 429, 503].includes(status), answer);
      if (status !== 200 && said.state !== 'gone') assert.equal(said.state, 'unknown', answer);
      if (!saysEnded(said)) assert.equal(said.endedAt, null, answer);
      else
        for (const [time, told] of [
          [settings.startedAt, said.startedAt],
          [settings.endedAt, said.endedAt],
        ] as const) {
          if (!time) continue;
          const reading = readJsonTime(only(valueAt(parseJson(text.replace('\ufeff', '')), time.path)), time);
          assert.deepEqual(told, reading.is === 'read' ? reading.value : null, answer);
          assert.notEqual(reading.is, 'unreadable', answer);
        }
    }
    // A property of answers that are all alike would say little.
    for (const state of ['unknown', 'completed', 'failed', 'running', 'gone'])
      assert.ok((seen.get(state) ?? 0) > 0, JSON.stringify([...seen]));
  });
});

/** The one entry of a list; nothing where it is empty. */
function only(value: unknown): unknown {
  return Array.isArray(value) && value.length < 2 ? value[0] : value;
}
