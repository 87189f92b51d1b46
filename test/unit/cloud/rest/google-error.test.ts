import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { plain, readGoogleError } from '../../../../functions/shared/cloud/rest/google-error.ts';

function bodyOf(message: string, more: object = {}): string {
  return JSON.stringify({ error: { code: 403, message, status: 'PERMISSION_DENIED', ...more } });
}

describe('readGoogleError()', () => {
  const DENIALS: [message: string, permission: string | null][] = [
    [
      'Permission monitoring.timeSeries.list denied (or the resource may not exist).',
      'monitoring.timeSeries.list',
    ],
    [
      "Permission 'run.services.list' denied on resource 'namespaces/p/services' (or resource may not exist).",
      'run.services.list',
    ],
    [
      'Access Denied: Project p: User does not have bigquery.jobs.list permission in project p.',
      'bigquery.jobs.list',
    ],
    ["Required 'compute.projects.get' permission for 'projects/p3'", 'compute.projects.get'],
    [
      'sa@p.iam.gserviceaccount.com does not have storage.buckets.list access to the project.',
      'storage.buckets.list',
    ],
    ['The caller does not have permission', null],
    ['Cloud Run Admin API has not been used in project 1 before or it is disabled.', null],
  ];
  for (const [message, permission] of DENIALS)
    test(`finds ${permission} in "${message}"`, () => {
      const said = readGoogleError(bodyOf(message));
      assert.equal(said.permission, permission);
      assert.equal(said.words, `PERMISSION_DENIED: ${message}`);
    });

  test('takes the permission of the details before that of the message', () => {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'IAM_PERMISSION_DENIED' },
      { reason: 'X', metadata: { permission: 'cloudsql.instances.list' } },
    ];
    const said = readGoogleError(bodyOf("Permission 'a.b.c' denied", { details }));
    assert.equal(said.permission, 'cloudsql.instances.list');
  });

  test('tells an API that is not enabled, and a rate limit, from a denial', () => {
    const disabled = readGoogleError(bodyOf('It is disabled', { details: [{ reason: 'SERVICE_DISABLED' }] }));
    assert.deepEqual([disabled.disabled, disabled.rateLimited], [true, false]);
    const limited = readGoogleError(bodyOf('Too fast', { errors: [{ reason: 'rateLimitExceeded' }] }));
    assert.deepEqual([limited.disabled, limited.rateLimited], [false, true]);
  });

  const ODD: [what: string, body: string, words: string][] = [
    ["a proxy's page", '<html><h1>502</h1>\n<p>Bad  Gateway</html>', '502 Bad Gateway'],
    ['nothing', '', ''],
    ['JSON of another form', '{"error":"invalid_grant"}', '{"error":"invalid_grant"}'],
    ['details of another form', bodyOf('No', { details: ['x'] }), 'PERMISSION_DENIED: No'],
  ];
  for (const [what, body, words] of ODD)
    test(`reads ${what} too`, () => assert.equal(readGoogleError(body).words, words));
});

describe('a text of any length is put into words', () => {
  for (const some of [
    '<',
    '<a ',
    '<a>',
    'eyJ',
    'eyJa.',
    'eyJa.eyJ',
    'Bearer ',
    'ya29.',
    ' ',
    'x',
    'permission ',
    'a.',
  ])
    test(`in no time, such as ${some} again and again`, () => {
      const text = some.repeat(250_000 / some.length);
      const begun = process.cpuUsage();
      plain(text);
      readGoogleError(bodyOf(text));
      // A hundredth of a second; going over all of it again from each place takes minutes.
      const { user } = process.cpuUsage(begun);
      assert.ok(user < 5e6, `${user / 1e6} s`);
    });

  test('without credentials, wherever they stand', () => {
    const token = 'eyJhbGciOi.eyJzdWIiOi.c2ln-_';
    for (const [text, words] of [
      [token, '[credential]'],
      [`x${token}, a`, 'x[credential], a'],
      [`eyJ ${token}`, 'eyJ [credential]'],
      [`eyJa.${token}`, '[credential].c2ln-_'],
      ['eyJhbGciOi.eyJzdWIiOi.', '[credential]'],
      ['eyJust a word', 'eyJust a word'],
      ['eyJust.two', 'eyJust.two'],
      ['Bearer abc ya29.a-b_c', '[credential] [credential]'],
    ] as const)
      assert.equal(plain(text), words);
  });
});

test('half a character, of the answer or by the cut, is no part of the words', () => {
  assert.equal(readGoogleError('{"error":{"message":"OOM \\ud83d"}}').words, 'OOM \ufffd');
  assert.equal(plain('\udc00a'), '\ufffda');
  assert.equal(plain('ab\u{1f600}', 3), 'ab\ufffd');
});

describe('what a 404 says is missing', () => {
  const MISSING: [status: string | undefined, message: string, missing: boolean][] = [
    ['NOT_FOUND', 'The CustomJob does not exist.', true],
    ['NOT_FOUND', 'Requested entity was not found.', true],
    ['NOT_FOUND', "Resource 'e' of kind 'EXECUTION' in region 'r' in project 'p' does not exist.", true],
    ['NOT_FOUND', 'Method not found.', false],
    ['NOT_FOUND', 'The requested URL /v1/x was not found on this server.', false],
    ['NOT_FOUND', 'Location europe-west44 is not found or access is unauthorized.', false],
    ['NOT_FOUND', "Project 'p' not found or deleted", false],
    ['PERMISSION_DENIED', 'The CustomJob does not exist, or may not be seen.', false],
    [undefined, 'Not Found', false],
  ];
  for (const [status, message, missing] of MISSING)
    test(`is ${missing ? '' : 'not '}the thing itself in ${status}: ${message}`, () => {
      assert.equal(readGoogleError(bodyOf(message, { status })).missing, missing);
    });

  test('is nothing in what no API of Google sent', () => {
    for (const body of ['', 'NOT_FOUND: no such job', '{"status": "NOT_FOUND"}', '{"error": "NOT_FOUND"}'])
      assert.equal(readGoogleError(body).missing, false);
  });
});

describe('plain()', () => {
  test('leaves out whatever could be a credential', () => {
    const text = 'sent Bearer abc.def-1 and ya29.a0Af_x-Y, eyJhbGciOi.eyJzdWIi.c2ln';
    assert.equal(plain(text), 'sent [credential] and [credential], [credential]');
  });

  test('keeps it short', () => assert.equal(plain('x'.repeat(10_000)).length, 500));
});
