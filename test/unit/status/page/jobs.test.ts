import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { jobsWith, orderedJobs } from '../../../../functions/status/page/client/jobs/order.ts';
import { troubledWorld } from '../../../support/page/fixtures.ts';

const { jobs } = troubledWorld(new Date('2026-03-04T12:00:00Z'));
const ids = (list: readonly { id: string }[]) => list.map(({ id }) => Number(id.slice(4)));

describe('the jobs of the page', () => {
  test('stand with those first of which something is off, else as they came', () => {
    assert.deepEqual(
      ids(orderedJobs(jobs.toReversed(), '')),
      [1006, 1005, 1012, 1011, 1010, 1009, 1008, 1007],
    );
  });

  test('are sorted by name and by when they began, either way round; not knowing comes last', () => {
    const [first, ...others] = jobs as [(typeof jobs)[number]];
    const record = Object.assign({}, first.record, { startedAt: null, createdAt: null });
    const list = [Object.assign({}, first, { record }), ...others];
    assert.deepEqual(ids(orderedJobs(list, '-job')), [1012, 1011, 1010, 1009, 1008, 1007, 1006, 1005]);
    assert.deepEqual(ids(orderedJobs(list, 'since')).at(0), 1012);
    assert.deepEqual(ids(orderedJobs(list, 'since')).at(-1), 1005);
    assert.deepEqual(ids(orderedJobs(list, '-since')).at(-1), 1005);
  });

  test('are found by any part of name, source, project or type', () => {
    assert.deepEqual(ids(jobsWith(jobs, ' RANKING ')), [1007, 1010]);
    assert.deepEqual(ids(jobsWith(jobs, '1008')), [1008]);
    assert.deepEqual(jobsWith(jobs, ''), jobs);
  });
});
