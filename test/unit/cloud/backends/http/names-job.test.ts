import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { namesJob } from '../../../../../functions/shared/cloud/backends/http/names-job.ts';
import { parseJson } from '../../../../../functions/shared/model/reading/json-path.ts';

const PATH = 'https://runs.example/api/v2/jobs/{id}';
const QUERY = 'https://runs.example/status?key=k3y&run={id}';

/** Whether JSON of a 404 names the job that was asked after at `template`. */
function names(answer: unknown, id = 'job-7', template = PATH): boolean {
  const url = template.replaceAll('{id}', () => encodeURIComponent(id));
  return namesJob(answer, { id, url }, 404);
}

describe('a 404 is about the job', () => {
  const SENTENCES = [
    'There is no job "job-7".',
    "Job 'job-7' not found",
    'Job `job-7` not found',
    'job “job-7” not found',
    'No job «job-7»',
    'Run job-7 does not exist.',
    'job-7',
    'job-7: not found',
    'Not found: job-7',
    'not found:job-7',
    'job=job-7 not found',
    'job_id=job-7&state=any matched nothing',
    'No such job (job-7)',
    'No such job [job-7]',
    'No such job <job-7>',
    'No such job {job-7}',
    'id:job-7, state:unknown',
    '#job-7 is not there',
    'jobs.batch "job-7" not found',
    'workflows.argoproj.io "job-7" not found in ml',
    'ml/job-7 not found',
    'team.ml/job-7 not found',
    'job-7, job-8 and job-9 are not there',
    'job-77 is there, but job-7 is not',
    'Der Auftrag „job-7“ existiert nicht',
    '没有作业：job-7。',
    "DAGRun with DagRun ID: 'job-7' not found",
    'job-7 was deleted 2026-03-09T10:00:00Z',
  ];
  for (const sentence of SENTENCES)
    test(`by ${sentence}`, () => {
      assert.ok(names({ error: sentence }));
      assert.ok(names({ errors: [{ code: 404, detail: [sentence] }] }, 'job-7', QUERY));
    });

  const FORMS: unknown[] = [
    { id: 'job-7' },
    { job: { name: 'job-7' } },
    { missing: ['job-6', 'job-7'] },
    { jobs: { 'job-7': null } },
    ['job-7'],
  ];
  for (const form of FORMS) test(`by ${JSON.stringify(form)}`, () => assert.ok(names(form)));

  test('by a number, however long', () => {
    const [id, next] = ['1234567890123456789', '1234567890123456790'];
    const answer = parseJson(`{"error": "not found", "job_id": ${id}}`);
    assert.ok(names(answer, id));
    assert.ok(!names(answer, next));
    assert.ok(names({ error: `No run ${id}.` }, id) && !names({ error: `No run ${id}.` }, next));
    assert.ok(names({ run: 7 }, '7') && !names({ run: 7 }, '77'));
  });

  const ODD_IDS = [
    'a/b',
    'a?b=c&d',
    'x@y:z',
    'ü %2e',
    "$&'",
    '.*',
    'a|b',
    '(x)',
    'ns/run 7',
    'scheduled__2026-03-09T00:00:00+00:00',
  ];
  for (const id of ODD_IDS)
    test(`whose id is ${id}`, () => {
      assert.ok(names({ error: `There is no job "${id}".` }, id));
      assert.ok(!names({ error: 'There is no such job' }, id));
      assert.ok(!names({ error: `Cannot GET ${PATH.replace('{id}', () => encodeURIComponent(id))}` }, id));
    });
});

describe('a 404 is not about the job', () => {
  /** As routers, frameworks and gateways give them. */
  const ROUTERS: unknown[] = [
    { detail: 'Not Found' },
    { message: 'no Route matched with those values' },
    { message: 'Missing Authentication Token' },
    { statusCode: 404, message: 'Cannot GET /api/v2/jobs/job-7', error: 'Not Found' },
    { timestamp: '2026-03-09T10:00:00Z', status: 404, error: 'Not Found', path: '/api/v2/jobs/job-7' },
    { type: 'about:blank', title: 'Not Found', status: 404, instance: '/api/v2/jobs/job-7' },
    { message: 'The route api/v2/jobs/job-7 could not be found.' },
    { message: 'The route internal/runs/job-7 could not be found.' },
    { exception: 'No route matches [GET] "/api/v2/jobs/job-7"' },
    { error: 'The requested URL /api/v2/jobs/job-7 was not found on this server.' },
    { error: 'No handler found for GET /internal/runs/job-7' },
    { error: 'https://runs.example/api/v2/jobs/job-7 is not here' },
    { error: 'GET:/api/v2/jobs/job-7' },
    { error: 'path=/api/v2/jobs/job-7' },
    { error: 'jobs/job-7 not found' },
    { error: 'v2/jobs/job-7 not found' },
    { request: { id: 'job-7' } },
    { pathParameters: { id: 'job-7' }, message: 'Not Found' },
    { links: { self: 'job-7' } },
    { url: 'job-7' },
  ];
  for (const answer of ROUTERS) test(`by ${JSON.stringify(answer)}`, () => assert.ok(!names(answer)));

  test('that was asked for by a query', () => {
    for (const echo of ['/status?key=k3y&run=job-7', 'key=k3y&run=job-7', 'run=job-7'])
      assert.ok(!names({ error: `Cannot GET ${echo}` }, 'job-7', QUERY), echo);
  });

  const OTHERS = [
    'There is no job-77',
    'There is no my-job-7',
    'job-7-retry',
    'job-7.log',
    'xjob-7',
    'job-7/attempts/1',
    'ml.job-7',
  ];
  for (const sentence of OTHERS)
    test(`that names another: ${sentence}`, () => assert.ok(!names({ error: sentence })));

  test('by a number that is none of a job', () => {
    assert.ok(!names({ status: 7, code: 7, version: 7, timestamp: 7, elapsed_time: 7 }, '7'));
    assert.ok(!names({ status: 404, message: 'Error 404' }, '404'));
    // The place in a list is no name.
    assert.ok(!names({ errors: ['a', 'b'] }, '1'));
  });

  test('by what is no object', () => {
    for (const answer of [undefined, null, 'job-7', 7, true]) assert.ok(!names(answer), String(answer));
  });

  test('by text of any length, in no time', () => {
    const begun = process.cpuUsage();
    for (const some of ['job-7x', '/job-7', 'x', '/', ' ', '"', '.job-7'])
      assert.ok(!names({ error: some.repeat(250_000 / some.length) }), some);
    // All of them take a tenth of a second; looking at all the text again for each match takes minutes.
    const { user } = process.cpuUsage(begun);
    assert.ok(user < 7e6, `${user / 1e6} s`);
  });
});

describe('an id that stands in many an answer by chance', () => {
  const BY_CHANCE: [id: string, answer: unknown][] = [
    ['8', { message: 'Not Found', hint: 'retry in 8 seconds' }],
    ['8', { message: 'Not Found', retry: 8 }],
    ['7', ['7']],
    ['job', { message: 'job service not found' }],
    ['job', { job: null, error: 'not found' }],
    ['Found', { detail: 'Not Found' }],
    ['Not Found', { detail: 'Not Found' }],
    ['Not Found', { error: 'Not Found: nothing here' }],
  ];
  for (const [id, answer] of BY_CHANCE)
    test(`${id} is not named by ${JSON.stringify(answer)}`, () => assert.ok(!names(answer, id)));

  const BY_NAME: [id: string, answer: unknown][] = [
    ['8', { message: 'job 8 not found' }],
    ['8', { message: 'no run with id: 8' }],
    ['8', { message: "'8' is not there" }],
    ['8', { job_id: 8 }],
    ['resnet', { jobName: 'resnet' }],
    ['resnet', { error: 'no job named resnet' }],
    ['fine tuning', { error: 'Job "fine tuning" does not exist' }],
    ['resnet-50', { error: 'resnet-50 not found' }],
    ['84512', { error: 'no such thing: 84512' }],
  ];
  for (const [id, answer] of BY_NAME)
    test(`${id} is named by ${JSON.stringify(answer)}`, () => assert.ok(names(answer, id)));
});
