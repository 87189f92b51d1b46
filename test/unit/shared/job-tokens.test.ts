import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { addMs, HOUR_MS } from '../../../functions/shared/dates.ts';
import { mintJobToken, readJobToken } from '../../../functions/shared/job-tokens.ts';
import { ops } from '../../support/ops.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const KEY = 'k'.repeat(32);
const OLD = 'o'.repeat(32);
const JOB = { source: 'jobs', job: 'train-1' };
const later = addMs(NOW, HOUR_MS);

describe('a job token', () => {
  test('tells its job while its time lasts, also by the key before', () => {
    const token = mintJobToken(JOB, later, OLD);
    assert.match(token, /^nsj1\.[\w-]+\.[\w-]{43}$/);
    assert.partialDeepStrictEqual(readJobToken(token, [KEY, OLD], NOW), JOB);
    assert.equal(readJobToken(token, [KEY, OLD], later), null);
  });

  test('that was not signed with a key of ours, or was changed, tells nothing', () => {
    const token = mintJobToken(JOB, later, KEY);
    const [prefix, , signature] = token.split('.');
    const said = Buffer.from(JSON.stringify({ ...JOB, job: 'train-2', exp: 1e10 })).toString('base64url');
    const forged = [
      `${prefix}.${said}.${signature}`,
      `${token}x`,
      `${token}.x`,
      `nsj1.${said}.`,
      'nsj1',
      '',
      token.slice(5),
    ];
    for (const one of forged) assert.equal(readJobToken(one, [KEY], NOW), null, one);
    assert.equal(readJobToken(token, [OLD], NOW), null);
    assert.equal(readJobToken(token, [], NOW), null);
  });

  test('is minted by ops with the key of the environment', async () => {
    const minted = await ops(['report', 'token', '--job', 'train-1', '--for', '2h'], {
      env: { NIGHTSHIFT_JOB_TOKEN_KEY: KEY },
    });
    assert.equal(minted.code, 0, minted.stderr);
    assert.partialDeepStrictEqual(readJobToken(minted.stdout.trim(), [KEY], new Date()), JOB);
    const without = await ops(['report', 'token', '--job', 'train-1'], {
      env: { NIGHTSHIFT_JOB_TOKEN_KEY: 'short' },
    });
    assert.equal(without.code, 2);
    assert.match(without.stderr, /too short/);
  });
});
