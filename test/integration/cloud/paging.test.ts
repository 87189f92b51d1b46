import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { z } from 'zod';
import { type RestList, restApi } from '../../../functions/shared/cloud/rest/rest.ts';
import { DeadlineExceeded, UpstreamError } from '../../../functions/shared/errors.ts';
import { AT_ONCE, googleApis, LIMITS, PROJECT, recordedLog, rejection } from '../../support/google.ts';
import { manyJobs, worldWith } from '../../support/platform.ts';

const page = z.object({
  jobs: z.array(z.object({ id: z.string() })).default([]),
  nextPageToken: z.string().optional(),
});
const LIST: RestList<z.infer<typeof page>> = {
  operation: 'jobs.list',
  path: `/bigquery/v2/projects/${PROJECT}/jobs`,
  query: { allUsers: true, maxResults: 1_000, stateFilter: ['done', 'running'], parentJobId: undefined },
  schema: page,
  tokenParameter: 'pageToken',
  nextToken: (body) => body.nextPageToken,
};

/** BigQuery with 25 jobs in pages of 10, and the ids in the order in which they arrive. */
async function setup(context: TestContext) {
  const apis = await googleApis(context, worldWith({ bigquery: { jobs: manyJobs(25), datasets: [] } }), {
    pageSize: 10,
  });
  const { log, lines } = recordedLog();
  const options = { project: PROJECT, baseUrl: apis.baseUrls.bigquery, log, retry: AT_ONCE };
  const api = restApi('BigQuery', 'https://bigquery.googleapis.com', options);
  const pages: string[][] = [];
  const onPage = (body: z.infer<typeof page>) => void pages.push(body.jobs.map(({ id }) => id));
  return { apis, api, lines, pages, onPage };
}

describe('list()', () => {
  test('reads three pages to the end, every item once', async (context) => {
    const { apis, api, pages, onPage, lines } = await setup(context);
    await api.list(LIST, LIMITS, onPage);
    assert.deepEqual(
      pages.map(({ length }) => length),
      [10, 10, 5],
    );
    assert.equal(new Set(pages.flat()).size, 25);
    assert.deepEqual(
      lines.map((line) => line.page),
      [1, 2, 3],
    );
    const [first, last] = [apis.requests()[0]?.query, apis.requests().at(-1)?.query];
    assert.deepEqual(first?.getAll('stateFilter'), ['done', 'running']);
    assert.equal(first?.has('parentJobId'), false);
    assert.equal(last?.get('allUsers'), 'true');
  });

  test('tries again only the page that failed', async (context) => {
    const { apis, api, pages, onPage, lines } = await setup(context);
    apis.faults.add({ page: 2, fault: { kind: 'truncated' }, times: 2 });
    await api.list(LIST, LIMITS, onPage);
    assert.equal(pages.flat().length, 25);
    assert.deepEqual(
      lines.map((line) => `${line.page}.${line.attempt}`),
      ['1.1', '2.1', '2.2', '2.3', '3.1'],
    );
  });

  test('fails as a whole when its last page does', async (context) => {
    const { apis, api, onPage } = await setup(context);
    apis.faults.add({ page: 3, fault: { kind: 'status', status: 500 } });
    const error = await rejection(api.list(LIST, LIMITS, onPage));
    assert.match(
      error.message,
      /^Cannot finish BigQuery jobs\.list \(project acme-ml, page 3, attempt 5 after/,
    );
  });

  test('has one deadline for all pages, which names the one that was pending', async (context) => {
    const { apis, api, onPage } = await setup(context);
    // Each page comes in time, and all of them together do not.
    apis.faults.add({ fault: { kind: 'latency', ms: 800 } });
    const error = await rejection(api.list(LIST, { limitMs: 2_000 }, onPage));
    assert.ok(error instanceof DeadlineExceeded);
    assert.match(
      error.message,
      /^Cannot finish BigQuery jobs\.list \(project acme-ml(?:, page [23])?\): no answer within 2000 ms$/,
    );
  });

  test('refuses a token that comes again', async (context) => {
    const { apis, api, onPage } = await setup(context);
    const change = (body: Record<string, unknown>) => {
      body.nextPageToken = Buffer.from('page-2-10').toString('base64url');
    };
    apis.faults.add({ fault: { kind: 'changed', change } });
    const error = await rejection(api.list(LIST, LIMITS, onPage));
    assert.ok(error instanceof UpstreamError && !error.retryable);
    assert.match(error.message, /project acme-ml, page 2\): the token of the page after 2 came again$/);
  });

  test('has an error for one page too many, and reads none of it', async (context) => {
    const { apis, api, onPage, pages } = await setup(context);
    await api.list({ ...LIST, maxPages: 3 }, LIMITS, onPage);
    pages.length = 0;
    const error = await rejection(api.list({ ...LIST, maxPages: 2 }, LIMITS, onPage));
    assert.ok(error instanceof UpstreamError && !error.retryable);
    assert.match(error.message, /page 2\): the token of the page after 2 is one too many$/);
    assert.equal(apis.requests().length, 5);
  });

  test('takes an empty token for the end', async (context) => {
    const { apis, api, onPage } = await setup(context);
    apis.faults.add({
      fault: { kind: 'changed', change: (body) => Object.assign(body, { nextPageToken: '' }) },
    });
    await api.list(LIST, LIMITS, onPage);
    assert.equal(apis.requests().length, 1);
  });

  test('keeps what its reader throws', async (context) => {
    const { api } = await setup(context);
    const thrown = new Error('no room');
    const failing = () => {
      throw thrown;
    };
    assert.equal(await rejection(api.list(LIST, LIMITS, failing)), thrown);
  });

  test('waits for a rate limit that BigQuery words as 403', async (context) => {
    const { apis, api, onPage, pages } = await setup(context);
    const more = { errors: [{ reason: 'rateLimitExceeded', domain: 'usageLimits' }] };
    apis.faults.add({
      fault: { kind: 'status', status: 403, message: 'Exceeded rate limits', more },
      times: 1,
    });
    await api.list(LIST, LIMITS, onPage);
    assert.equal(pages.flat().length, 25);
  });
});
