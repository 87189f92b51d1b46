import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { httpSettingsOf, saidBy } from '../../../support/http-answers.ts';

const MAPPING = {
  state: 'status',
  statuses: { done: 'completed', busy: 'running', Unknown: 'queued' },
  startedAt: 'start',
  endedAt: 'end',
};

describe('a time of an HTTP answer', () => {
  const END = '2026-03-09T11:00:00.000Z';
  /** The type that the settings say, what stands there, and what it is: a time, none, or unreadable. */
  const TIMES: [type: object, value: unknown, expected: string | null | undefined][] = [
    [{}, '2026-03-09T11:00:00Z', END],
    [{}, '2026-03-09 11:00:00+00:00', END],
    [{}, '2026-03-09 11:00:00.123456+00:00', '2026-03-09T11:00:00.123Z'],
    [{}, '2026-03-09T11:00:00.999999999Z', '2026-03-09T11:00:00.999Z'],
    [{}, '2026-03-09T11:00:00+0000', END],
    [{}, '2026-03-09 11:00:00+00', END],
    [{}, '2026-03-09t11:00:00z', END],
    [{}, '2026-03-09T12:00:00+01:00', END],
    [{}, ['2026-03-09T11:00:00Z'], END],
    [{}, '2026-03-09T11:00:00', undefined],
    [{ zone: 'UTC' }, '2026-03-09T11:00:00', END],
    [{ zone: 'Europe/Berlin' }, '2026-03-09 12:00:00', END],
    [{}, 'Mon, 09 Mar 2026 11:00:00 GMT', undefined],
    [{ type: 'http' }, 'Mon, 09 Mar 2026 11:00:00 GMT', END],
    [{}, 1_773_054_000, undefined],
    [{}, '1773054000', undefined],
    [{ type: 'seconds' }, 1_773_054_000, END],
    [{ type: 'seconds' }, 1_773_054_000.5, '2026-03-09T11:00:00.500Z'],
    [{ type: 'seconds' }, '1773054000', END],
    [{ type: 'seconds' }, 1_773_054_000_000, undefined],
    [{ type: 'millis' }, 1_773_054_000_000, END],
    [{ type: 'millis' }, '1773054000000', END],
    [{ type: 'millis' }, 1_773_054_000, undefined],
    [{ type: 'micros' }, 1_773_054_000_000_000, END],
    [{ type: 'millis' }, END, undefined],
    [{}, 'yesterday', undefined],
    [{}, '2026-02-30T00:00:00Z', undefined],
    [{}, { seconds: 1_773_054_000 }, undefined],
    [{}, ['2026-03-09T11:00:00Z', null], undefined],
    [{}, true, undefined],
    [{ type: 'millis' }, -1, null],
    [{ type: 'seconds' }, 0, null],
    [{ type: 'millis' }, '0', null],
    ...['', 'None', 'NULL', '\\N', 'N/A', '-', 'Unknown', '0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z'].map(
      (none): [object, string, null] => [{}, none, null],
    ),
    [{}, null, null],
    [{}, [], null],
    [{}, '9999-12-31T23:59:59Z', null],
  ];
  for (const [type, value, expected] of TIMES) {
    const outcome = expected === undefined ? 'unknown' : (expected ?? 'none');
    test(`${JSON.stringify(value)} as ${JSON.stringify(type)} is ${outcome}`, () => {
      const settings = httpSettingsOf({ ...MAPPING, endedAt: { path: 'end', ...type } });
      const said = saidBy(settings, '7', 200, { status: 'done', end: value });
      assert.equal(said.state, expected === undefined ? 'unknown' : 'completed');
      assert.equal(said.endedAt?.toISOString() ?? null, expected ?? null);
      // Named with its path and its value, for whoever is to mend it.
      assert.equal(said.unreadable === null, expected !== undefined, said.said);
      if (said.unreadable)
        assert.match(said.said, /^runs\.example says "done"; but nobody can read end: .+ is not an? /);
      // A start that nobody can read ends nothing, and takes nothing from what goes on.
      const starting = httpSettingsOf({ ...MAPPING, startedAt: { path: 'start', ...type } });
      const running = saidBy(starting, '7', 200, { status: 'busy', start: value });
      assert.equal(running.state, 'running');
      assert.equal(running.startedAt?.toISOString() ?? null, expected ?? null);
      assert.equal(running.unreadable === null, expected !== undefined);
    });
  }

  test('that an expression does not find its way to is named', () => {
    const settings = httpSettingsOf({ ...MAPPING, endedAt: 'max(end)' });
    const { state, unreadable } = saidBy(settings, '7', 200, { status: 'done', end: 7 });
    assert.equal(state, 'unknown');
    assert.match(unreadable ?? '', /^max\(end\): Invalid type/);
  });
});

describe('a word of an HTTP answer', () => {
  const settings = httpSettingsOf({ ...MAPPING, absent: 'running' });
  const said = (body: unknown) => saidBy(settings, '7', 200, body);

  test('that is not there is what the settings say', () => {
    for (const body of [{ id: '7' }, { status: null }, { status: '' }, { status: [] }])
      assert.equal(said(body).state, 'running', JSON.stringify(body));
    assert.match(said({ id: '7' }).said, /^runs\.example says nothing at status$/);
    // An answer that tells nothing at all is none.
    for (const body of [{}, [], null, 7, 'text', true, [{ status: 'busy' }]])
      assert.equal(said(body).state, 'unknown', JSON.stringify(body));
  });

  test('that stands for none elsewhere is a word like others', () => {
    assert.equal(said({ status: 'Unknown' }).state, 'queued');
    for (const word of ['None', 'null', 'N/A']) assert.equal(said({ status: word }).state, 'unknown');
  });

  test('that is none, or that an expression does not find its way to, is unknown, and named', () => {
    assert.match(
      said({ status: { phase: 'busy' } }).said,
      /^Cannot read runs\.example GET of 7: status: a map is not a word$/,
    );
    const picky = httpSettingsOf({ ...MAPPING, state: 'join(`"/"`, status)', absent: 'running' });
    assert.match(saidBy(picky, '7', 200, { status: 7 }).said, /^Cannot read .*: join\(.*\): Invalid type/);
  });
});

describe('that a job is gone', () => {
  const settings = httpSettingsOf({ ...MAPPING, gone: { path: 'error.code', is: ['NO_SUCH_RUN', 2017] } });
  const state = (status: number, body: unknown) => saidBy(settings, '7', status, body).state;
  const named = { error: { code: 'NO_SUCH_RUN' } };

  test('is said as the settings say, whatever else is said', () => {
    for (const status of [200, 400, 404, 410, 422, 500])
      assert.equal(state(status, named), 'gone', String(status));
    assert.equal(state(200, { status: 'busy', error: { code: 2017 } }), 'gone');
    assert.equal(state(200, { status: 'busy', error: { code: 0 } }), 'running');
    assert.equal(state(404, { error: { code: 'NO_SUCH_ROUTE' } }), 'unknown');
  });

  test('is never said by who does not let us ask, or by who stands in between', () => {
    for (const status of [301, 302, 401, 403, 407, 408, 429, 502, 503, 504])
      assert.equal(state(status, named), 'unknown', String(status));
  });

  test('is said by a 410 that names it or says nothing else', () => {
    assert.equal(state(410, ''), 'gone');
    assert.equal(state(410, { message: 'Run 7 was deleted' }), 'gone');
    assert.equal(state(410, { message: 'This version of the API was removed' }), 'unknown');
    assert.equal(state(410, '<h1>410 Gone</h1>'), 'unknown');
    assert.equal(state(404, ''), 'unknown');
  });
});
