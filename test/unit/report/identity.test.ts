import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Identity, identifyAnybody, identifyByToken } from '../../../functions/report/identity.ts';
import { UpstreamError } from '../../../functions/shared/errors.ts';

const NOW = new Date('2026-11-28T12:00:00Z');
const EXP = NOW.getTime() / 1_000 + 1_800;
const ME = { email: 'trainer@acme.iam.gserviceaccount.com', email_verified: true, exp: EXP };
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: object, signature = 'SIGNATURE_REMOVED_BY_GOOGLE') =>
  `Bearer ${part({ alg: 'RS256' })}.${part(claims)}.${signature}`;

/** Google, to which only tokens that end in `.good` are its own. */
const GOOGLE = {
  async verify(text: string) {
    if (text.endsWith('.late')) throw new UpstreamError('no keys', { retryable: true });
    return text.endsWith('.good')
      ? { email: ME.email, isEmailVerified: true, audience: 'https://report-abc-ez.a.run.app' }
      : null;
  },
};
const elsewhere = {
  verify: async () => ({ email: ME.email, isEmailVerified: true, audience: 'https://evil.example' }),
};

const onCloudRun = identifyByToken('report', GOOGLE);
const statusOf = (identity: Identity) => ('refused' in identity ? identity.refused : identity.by);

describe('who reports', () => {
  test('is told by the token that Cloud Run has verified', async () =>
    assert.equal(statusOf(await onCloudRun({ authorization: token(ME) }, NOW)), ME.email));

  test('is told by a token with its signature once Google has signed it, for this service', async () => {
    assert.equal(statusOf(await onCloudRun({ authorization: token(ME, 'good') }, NOW)), ME.email);
    assert.equal(statusOf(await onCloudRun({ authorization: token(ME, 'forged') }, NOW)), 401);
    assert.equal(statusOf(await onCloudRun({ authorization: token(ME, '') }, NOW)), 401);
    const identify = identifyByToken('report', elsewhere);
    assert.equal(statusOf(await identify({ authorization: token(ME, 'good') }, NOW)), 401);
  });

  test('is not told where nobody can have verified the token', async () => {
    const identify = identifyByToken(undefined, GOOGLE);
    assert.equal(statusOf(await identify({ authorization: token(ME) }, NOW)), 401);
  });

  test('is told by no header but that of the token', async () => {
    const forged = {
      'x-goog-authenticated-user-email': `accounts.google.com:${ME.email}`,
      'x-forwarded-email': ME.email,
      'x-serverless-user-email': ME.email,
      from: ME.email,
    };
    assert.equal(statusOf(await onCloudRun(forged, NOW)), 401);
  });

  test('is not told by a second token, which Cloud Run passes on as it was sent', async () => {
    const mine = { ...ME, email: 'intruder@acme.iam.gserviceaccount.com' };
    const headers = { 'x-serverless-authorization': token(mine), authorization: token(ME) };
    assert.equal(statusOf(await onCloudRun(headers, NOW)), mine.email);
  });

  test('is not told by an old token, by one without a verified address, by what is none', async () => {
    for (const [claims, expected] of [
      [{ ...ME, exp: EXP - 4_000 }, 401],
      [{ ...ME, exp: undefined }, 401],
      [{ ...ME, email: undefined }, 403],
      [{ ...ME, email_verified: false }, 403],
    ] as const)
      assert.equal(statusOf(await onCloudRun({ authorization: token(claims) }, NOW)), expected);
    for (const authorization of ['', 'Bearer', 'Bearer x', 'Bearer a.b.c', 'Basic dTpw', 'Bearer a.bnVsbA.c'])
      assert.equal(statusOf(await onCloudRun({ authorization }, NOW)), 401, authorization);
  });

  test('is asked again later where the keys of Google cannot be had', async () =>
    assert.equal(statusOf(await onCloudRun({ authorization: token(ME, 'late') }, NOW)), 503));

  test('does not matter beside an emulator', async () => {
    assert.deepEqual(await identifyAnybody({}, NOW), { by: null });
    assert.deepEqual(await identifyAnybody({ authorization: token(ME) }, NOW), { by: ME.email });
  });
});
