import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BUCKET, cleaner, NO_GUARDS } from '../../support/cleaner.ts';
import { artifactSource } from '../../support/jobs.ts';

describe('URIs of jobs', () => {
  const odd: { what: string; uri: unknown; reason: string; because?: RegExp }[] = [
    { what: 'nothing', uri: null, reason: 'no-artifact' },
    { what: 'an empty text', uri: '', reason: 'no-artifact' },
    { what: 'no text', uri: { bucket: BUCKET }, reason: 'bad-uri', because: /a map is not an identifier/ },
    { what: 'the bucket', uri: `gs://${BUCKET}`, reason: 'bad-uri', because: /whole bucket/ },
    { what: 'the root of the bucket', uri: `gs://${BUCKET}/`, reason: 'bad-uri', because: /whole bucket/ },
    { what: 'a way up', uri: `gs://${BUCKET}/run-1/..`, reason: 'bad-uri', because: /\.\. for a folder/ },
    { what: 'a way up and down', uri: `gs://${BUCKET}/x/../run-2/`, reason: 'bad-uri', because: /\.\./ },
    { what: 'a wildcard', uri: `gs://${BUCKET}/run-*`, reason: 'bad-uri', because: /wildcard/ },
    { what: 'all folders', uri: `gs://${BUCKET}/**`, reason: 'bad-uri', because: /wildcard/ },
    { what: 'two slashes', uri: `gs://${BUCKET}//`, reason: 'bad-uri', because: /empty folder/ },
    { what: 'no bucket', uri: 'gs:///run-2/', reason: 'bad-uri', because: /no bucket/ },
    { what: 'no scheme', uri: `${BUCKET}/run-2/`, reason: 'bad-uri', because: /gs:/ },
    { what: 'the word for none', uri: 'None', reason: 'no-artifact' },
    {
      what: 'another cloud',
      uri: `s3://${BUCKET}/run-2/`,
      reason: 'bad-uri',
      because: /not a place in Cloud/,
    },
    { what: 'two slashes within', uri: `gs://${BUCKET}/x//run-2/`, reason: 'bad-uri', because: /empty/ },
    {
      what: 'nothing that is there',
      uri: `gs://${BUCKET}/Run-2/`,
      reason: 'nothing-there',
      because: /nothing lies/,
    },
    { what: 'a foreign bucket', uri: 'gs://theirs/run-2/', reason: 'foreign-bucket', because: /theirs/ },
  ];
  test('odd ones delete nothing, say so, and block no other job', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    world.world.addBucket({ name: 'theirs' });
    const jobs = odd.map((it, index) => ({ ...it, id: `odd-${index}` }));
    await world.write({
      ...Object.fromEntries(jobs.map(({ id, uri }) => [id, { artifactUri: uri }])),
      'run-1': {},
    });
    world.put(['run-1/a', 'run-10/a', 'run-2/a', '/a', 'a']);
    world.put(['run-2/a'], { bucket: 'theirs' });
    const { outcome, summary } = await world.approved();
    assert.equal(outcome, 'succeeded');
    assert.deepEqual(world.live(), ['/a', 'a', 'run-10/a', 'run-2/a']);
    assert.deepEqual(world.live('theirs'), ['run-2/a']);
    const lines = await world.lines(summary.planId as string);
    for (const { id, what, reason, because = /./ } of jobs) {
      const line = lines.find((each) => each.id === id);
      assert.deepEqual([line?.decision, line?.reason], ['keep', reason], what);
      assert.match(line?.because ?? '', because, what);
    }
    const told = summary.badUris as { job: string }[];
    assert.deepEqual(
      told.map(({ job }) => job).sort(),
      jobs
        .filter(({ reason }) => reason === 'bad-uri')
        .map(({ id }) => `jobs:jobs/${id}`)
        .sort(),
    );
  });

  test('one without its slash at the end takes no sibling that begins alike', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    await world.write({ 'run-1': { artifactUri: `gs://${BUCKET}/run-1` } });
    world.put(['run-1', 'run-1-old/a', 'run-1/a', 'run-10/a']);
    await world.approved();
    assert.deepEqual(world.live(), ['run-1', 'run-1-old/a', 'run-10/a']);
  });

  test('names with characters of every kind are deleted, and their neighbours are not', async (t) => {
    const world = await cleaner(t, { policy: NO_GUARDS });
    const id = 'ä é%2F 😀#&+';
    await world.write({ [id]: { artifactUri: `gs://${BUCKET}/${id}/` } });
    world.put([`${id}/\u{10ffff}😀 %25`, `${id}/\uffee`, `${id}0`, `${encodeURIComponent(id)}/a`]);
    const { outcome, problems } = await world.approved();
    assert.equal(outcome, 'succeeded', JSON.stringify(problems));
    assert.deepEqual(world.live().sort(), [`${encodeURIComponent(id)}/a`, `${id}0`].sort());
  });

  test('of a source that is only observed, what would go is shown and nothing is done', async (t) => {
    const world = await cleaner(t, {
      policy: NO_GUARDS,
      sources: { jobs: artifactSource({ mode: 'observe' }) },
    });
    await world.write({ old: {} });
    world.put(['old/a']);
    const { outcome, summary } = await world.deliver();
    assert.equal(outcome, 'succeeded');
    assert.deepEqual([summary.eligibleJobs, summary.observedJobs, summary.deletedJobs], [1, 1, 0]);
    const [line] = await world.lines(summary.planId as string);
    assert.deepEqual([line?.decision, line?.enforced, line?.objects], ['delete', false, 1]);
    assert.deepEqual(world.live(), ['old/a']);
    assert.deepEqual((await world.job('old'))?.nightshift, undefined);
    assert.equal((await world.journaled()).length, 0);
  });
});
