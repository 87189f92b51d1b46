import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { answersIn, type BatchCall, batchOf } from '../../../../functions/shared/cloud/storage/batch.ts';
import { batchReply, callsOf } from '../../../../scripts/stack/stand-ins/gcs/batch.ts';

const MIXED = { 'content-type': 'multipart/mixed; boundary=b1' };

/** The answer to a batch, of lines. */
function answerOf(lines: readonly string[], { end = '\r\n', headers = MIXED } = {}) {
  return { status: 200, headers: new Headers(headers), text: lines.join(end) };
}

function part(id: string, ...answer: string[]): string[] {
  return ['--b1', 'Content-Type: application/http', `Content-ID: ${id}`, '', ...answer];
}

const GONE = ['HTTP/1.1 404 Not Found', 'Content-Type: application/json', '', '{"error": {"code": 404}}', ''];
const DONE = ['HTTP/1.1 204 No Content', 'Content-Length: 0', '', '', ''];

describe('batchOf()', () => {
  test('is what the documentation shows', () => {
    const { contentType, text } = batchOf([
      { verb: 'DELETE', target: '/storage/v1/b/acme/o/a%2Fb?generation=7' },
      { verb: 'POST', target: '/storage/v1/b/acme/o/c/restore' },
    ]);
    assert.equal(contentType, 'multipart/mixed; boundary=nightshift-batch');
    assert.deepEqual(text.split('\r\n'), [
      '--nightshift-batch',
      'Content-Type: application/http',
      'Content-ID: <call+0>',
      '',
      'DELETE /storage/v1/b/acme/o/a%2Fb?generation=7 HTTP/1.1',
      '',
      '',
      '--nightshift-batch',
      'Content-Type: application/http',
      'Content-ID: <call+1>',
      '',
      'POST /storage/v1/b/acme/o/c/restore HTTP/1.1',
      '',
      '',
      '--nightshift-batch--',
      '',
    ]);
  });

  test('is read by the stand-in, and its answer by us, call by call', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            name: fc.string({ unit: 'grapheme', minLength: 1 }),
            status: fc.constantFrom(200, 204, 404, 412, 429, 503),
            body: fc.string({ unit: 'grapheme' }),
          }),
          { minLength: 1, maxLength: 100 },
        ),
        (wanted) => {
          const calls = wanted.map(
            ({ name }): BatchCall => ({ verb: 'DELETE', target: `/o/${encodeURIComponent(name)}` }),
          );
          const { contentType, text } = batchOf(calls);
          const read = callsOf({ headers: { 'content-type': contentType }, body: Buffer.from(text) });
          assert.deepEqual(
            read.map(({ verb, target }) => ({ verb, target })),
            calls,
          );
          const bodies = wanted.map(({ body }) => JSON.stringify({ body }));
          const replies = read.map(({ id }, place) => ({
            id,
            reply: { status: wanted[place]?.status ?? 0, headers: {}, body: bodies[place] ?? '' },
          }));
          const { status, headers, body } = batchReply(replies.reverse());
          const answers = answersIn({ status, headers: new Headers(headers), text: String(body) });
          assert.deepEqual(
            wanted.map((_, place) => [answers.get(place)?.status, answers.get(place)?.text]),
            wanted.map(({ status }, place) => [status, bodies[place]]),
          );
        },
      ),
      { numRuns: 50 },
    ));
});

describe('answersIn()', () => {
  const read = (lines: readonly string[], options?: Parameters<typeof answerOf>[1]) =>
    [...answersIn(answerOf(lines, options))].map(([place, { status }]) => [place, status]);

  test('finds each answer by the name of its call, in whatever order', () => {
    const lines = [
      ...part('<response-call+7>', ...GONE),
      ...part('<response-call+0>', ...DONE),
      '--b1--',
      '',
    ];
    assert.deepEqual(read(lines), [
      [7, 404],
      [0, 204],
    ]);
    assert.deepEqual(read(lines, { end: '\n' }).length, 2);
    assert.equal(answersIn(answerOf(lines)).get(7)?.text, '{"error": {"code": 404}}');
  });

  test('reads Retry-After, and a boundary in quotes', () => {
    const lines = [
      ...part('<response-call+0>', 'HTTP/1.1 429 Too Many Requests', 'Retry-After: 30', '', '{}', ''),
      '--b1--',
    ];
    const headers = { 'content-type': 'multipart/mixed; charset=UTF-8; boundary="b1"' };
    assert.equal(answersIn(answerOf(lines, { headers })).get(0)?.headers.get('retry-after'), '30');
  });

  const BROKEN: [what: string, part: string[]][] = [
    ['no name', ['--b1', 'Content-Type: application/http', '', ...DONE]],
    ["another's name", part('<response-item+0>', ...DONE)],
    ['no status', part('<response-call+0>', 'HTTP/1.1 OK', '', '')],
    ['nothing in it', part('<response-call+0>')],
    ['nothing at all', ['--b1']],
  ];
  for (const [what, lines] of BROKEN)
    test(`leaves out an answer with ${what}, and no other one`, () =>
      assert.deepEqual(read([...lines, ...part('<response-call+1>', ...DONE), '--b1--']), [[1, 204]]));

  test('leaves out the last one when the end is missing, for it may be cut', () => {
    const lines = [...part('<response-call+0>', ...DONE), ...part('<response-call+1>', 'HTTP/1.1 204 No')];
    assert.deepEqual(read(lines), [[0, 204]]);
    assert.deepEqual(read([]), []);
  });

  for (const type of ['application/json', 'multipart/mixed', ''])
    test(`refuses what is of type "${type}"`, () =>
      assert.throws(() => answersIn(answerOf([], { headers: { 'content-type': type } })), SyntaxError));
});
