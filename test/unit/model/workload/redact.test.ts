import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { reasonOf } from '../../../../functions/shared/model/workload/reason.ts';
import { redact } from '../../../../functions/shared/model/workload/redact.ts';

const HEX = '0123456789abcdef0123456789abcdef01234567';
const MIXED = 'Ab1Cd2Ef3Gh4Ij5Kl6Mn7Op8Qr9St0Uv1Wx2Yz3Ab4';

/** Each with the part that must not be seen; put together here, so that no scanner takes this file for a leak. */
const SECRETS: [kind: string, text: string, secret: string][] = [
  ['a key of W&B', `wandb: using key ${HEX}`, HEX],
  ['a newer key of W&B', `key wandb_v1_${MIXED}`, MIXED],
  ['a token of Hugging Face', `token hf_${'a1'.repeat(12)} is invalid`, `hf_${'a1'.repeat(12)}`],
  ['an access token of Google', `sent ya29.${'a0'.repeat(12)}`, `ya29.${'a0'.repeat(12)}`],
  ['an API key of Google', `key=AIza${'Sy'.repeat(18)}`, `AIza${'Sy'.repeat(18)}`],
  ['a JWT', `got eyJ${'hb'.repeat(9)}.eyJ${'zd'.repeat(9)}.${'Sf'.repeat(12)} back`, 'SfSf'],
  ['a bearer token', 'Authorization: Bearer abcdefgh12345678', 'abcdefgh12345678'],
  ['a basic login', 'authorization: Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['a login in an address', 'cannot clone https://bob:hunter2@git.example/x.git', 'hunter2'],
  ['a connection string', 'postgresql://etl:s3cr3t@10.0.0.3:5432/db refused', 's3cr3t'],
  ['the parts of a connection string', 'Server=db;User Id=sa;Password=s3cr3t;', 's3cr3t'],
  ['a signed address', 'GET https://storage.example/b/o?X-Goog-Signature=deadbeef00 failed', 'deadbeef00'],
  ['a shared access signature', 'https://x.blob.example/c?sv=2024&sig=abc%2Fdef%3D', 'abc%2Fdef'],
  ['a web hook', 'POST https://hooks.slack.com/services/T00/B00/w3bh00k9 failed', 'w3bh00k9'],
  ['a key of AWS', `AKIA${'ABCD'.repeat(4)} is not valid`, 'AKIAABCD'],
  ['a secret of AWS', `aws_secret_access_key = ${MIXED}`, MIXED],
  ['a token of GitHub', `remote: ghp_${'a1B2'.repeat(9)} denied`, 'ghp_a1B2'],
  ['a key of OpenAI', `Incorrect API key provided: sk-${'a1b2'.repeat(8)}.`, 'a1b2a1b2'],
  ['a password in JSON', '{"user": "x", "password": "s3cr3t"}', 's3cr3t'],
  ['a private key', '-----BEGIN PRIVATE KEY-----MIIEvQIBADANBg', 'MIIEvQ'],
  ['a line of a private key', `${MIXED}${MIXED.toLowerCase()}`, MIXED],
  ['a password among arguments', 'unrecognized arguments: --lr 3 --password hunter2 --steps 9', 'hunter2'],
  ['a token among arguments', 'unrecognized arguments: --hub-token=abcdefghijk', 'abcdefghijk'],
  ['a key among arguments', 'unrecognized arguments: --api-key s3cr3tvalue', 's3cr3tvalue'],
  ['a login among arguments', 'command failed: curl -u ada:hunter2 https://x.example', 'hunter2'],
  ['a password in JSON within a text', '"{\\"user\\": \\"x\\", \\"password\\": \\"hunter2\\"}"', 'hunter2'],
  ['a short authorization', 'Authorization: token abcdefghijklmnopq', 'abcdefghijklmnopq'],
  ['a password of a variable', 'DB_PASS=hunter2 is wrong', 'hunter2'],
  ['a key of W&B behind its kind', `api:${HEX} and local-${HEX}`, HEX],
  ['a token of Databricks', `dapi${HEX.slice(0, 32)} is expired`, HEX.slice(0, 32)],
  ['an environment', 'env: HOME=/root PATH=/bin DB_PW=s3cr3t LANG=C TERM=xterm', 's3cr3t'],
];

describe('what is shown of a log', () => {
  for (const [kind, text, secret] of SECRETS)
    test(`holds no ${kind.replace(/^an? /, '')}`, () => {
      assert.ok(!redact(text).includes(secret), redact(text));
      // Wherever a reason may take it from.
      for (const lines of [
        [`RuntimeError: ${text}`],
        [text, 'Container called exit(1).'],
        [`fatal: ${text}`],
      ]) {
        const { line, also } = reasonOf(lines);
        for (const shown of [line, ...also]) assert.ok(!shown.includes(secret), shown);
      }
    });

  const HARMLESS = [
    "KeyError: 'token'",
    'CUDA out of memory. Tried to allocate 2.32 GiB (on 8 ranks)',
    "No module named 'flash_attn'",
    'gs://acme-lake/v3/part-00017.parquet is gone',
    'us-docker.pkg.dev/acme/ml/trainer:v9 not found',
    'Permission "artifactregistry.repositories.downloadArtifacts" denied on resource "projects/acme"',
    'trainer@acme.iam.gserviceaccount.com does not have storage.objects.get access',
    'Permission denied on secret: projects/77/secrets/HF_TOKEN/versions/latest',
    'ProcessGroupNCCL.cpp:629 WorkNCCL(SeqNum=1, OpType=BROADCAST, Timeout(ms)=1800000)',
  ];
  for (const text of HARMLESS) test(`keeps ${text}`, () => assert.equal(redact(text), text));

  test('says of an address where it leads, in no form that opens', () =>
    assert.equal(
      redact('for url: https://hub.example/a/b.json?download=true.'),
      'for url: hub.example/a/b.json',
    ));

  test('in no time, however many marks of a question there are', () => {
    const begun = process.cpuUsage();
    for (const some of ['?', '?a', '?sig', 'a?']) redact(some.repeat(2 ** 20 / some.length));
    // A second for all of them; looking ahead from each mark past all the others takes a minute.
    const { user } = process.cpuUsage(begun);
    assert.ok(user < 10e6, `${user / 1e6} s`);
    assert.equal(redact('https://a.b/c?d=1?token=2 x'), 'a.b/c x');
  });
});
