import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { UpstreamError } from '../../../../functions/shared/errors.ts';
import { missingIndexes } from '../../../../scripts/ops/doctor/indexes.ts';
import { taskFinding } from '../../../../scripts/ops/doctor/tasks.ts';
import { doctorInWords } from '../../../../scripts/ops/doctor/words.ts';
import { CannotCheck, type Check, type Examined, examine } from '../../../../scripts/ops/shared/check.ts';
import { taskRow } from '../../../../scripts/ops/tasks/task-row.ts';
import { ENTRY } from '../../../support/entry.ts';
import { at, healthOf } from '../../../support/health.ts';

describe('examine()', () => {
  const check = (what: string, look: Check['look'], fix?: Check['fix']): Check => ({
    group: 'G',
    what,
    look,
    ...(fix && { fix }),
  });

  test('tells what each check found, in their order; one that fails costs no other', async () => {
    const denied = new UpstreamError('Cannot ask', { retryable: false, status: 403, permission: 'a.b.list' });
    const found = await examine([
      check('slow', async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { state: 'ok', words: 'fine' };
      }),
      check('denied', () => Promise.reject(denied)),
      check('far', () => Promise.reject(new CannotCheck('an emulator'))),
      check(
        'known',
        () => Promise.reject(new Error('first\nsecond')),
        () => 'do this',
      ),
      check('many', async () => [
        { what: 'one', state: 'ok', words: '1' },
        { what: 'two', state: 'wrong', words: '2' },
      ]),
    ]);
    assert.deepEqual(
      found.map(({ what, state, words, mend }) => [what, state, words, mend]),
      [
        ['slow', 'ok', 'fine', undefined],
        ['denied', 'wrong', 'Cannot ask', 'have a role granted to you that holds a.b.list'],
        ['far', 'unknown', 'an emulator', undefined],
        ['known', 'wrong', 'first', 'do this'],
        ['one', 'ok', '1', undefined],
        ['two', 'wrong', '2', undefined],
      ],
    );
  });

  test('gives up on a check that hangs, which costs no other', async () => {
    const hangs = check('hangs', () => new Promise(() => undefined));
    const found = await examine([hangs, check('b', async () => ({ state: 'ok', words: 'fine' }))], 10);
    assert.deepEqual(
      found.map(({ what, state, words }) => [what, state, words]),
      [
        ['hangs', 'wrong', 'Cannot finish hangs: no answer within 10 ms'],
        ['b', 'ok', 'fine'],
      ],
    );
  });
});

describe('missingIndexes()', () => {
  const failing = (code: number, message: string) => () =>
    Promise.reject(Object.assign(new Error(message), { code }));
  const fine = { what: 'a', run: () => Promise.resolve() };

  test('is fine where every query was answered', async () =>
    assert.deepEqual(await missingIndexes([fine, fine]), {
      state: 'ok',
      words: '2 queries have what they need',
    }));

  test('names every query without its index, with the link that makes it', async () => {
    const link = '9 FAILED_PRECONDITION: The query requires an index. You can create it here: https://x';
    const queries = [fine, { what: 'b', run: failing(9, link) }, { what: 'c', run: failing(9, 'no index') }];
    const { state, words, mend } = await missingIndexes(queries);
    assert.deepEqual([state, mend], ['wrong', 'terraform -chdir=infra apply']);
    assert.equal(words, `b: ${link}; c: no index`);
  });

  test('takes nothing else that goes wrong for a missing index', async () =>
    assert.rejects(missingIndexes([{ what: 'b', run: failing(7, 'denied') }]), /^Error: denied$/));
});

describe('taskFinding()', () => {
  const found = (over: Parameters<typeof healthOf>[0] | null, seconds = -60) => {
    const row = taskRow({ ...ENTRY, task: 'duty' }, over === null ? undefined : healthOf(over), at(seconds));
    const { state, words, mend } = taskFinding(row, at(seconds));
    return [state, words, mend?.split(' -- ')[1]];
  };

  test('is fine for a task that did its duty, or half of it', () => {
    assert.deepEqual(found({}), ['ok', 'ok: last run succeeded, last success 24 h ago', undefined]);
    assert.equal(found({ lastOutcome: 'partial' })[0], 'ok');
  });

  test('is not for one that fails, or is late, and shows its runs', () => {
    assert.deepEqual(found({ consecutiveFailures: 2, lastOutcome: 'failed' })[0], 'wrong');
    const [state, words, mend] = found({}, 901);
    assert.deepEqual([state, mend], ['wrong', 'runs duty']);
    assert.match(String(words), /^late: /);
  });

  test('is nobody’s to say for one that has never run', () =>
    assert.deepEqual(found(null), [
      ...['unknown', 'it has not run yet, next at 2026-03-04 02:00:00Z', 'schedules run duty'],
    ]));
});

describe('doctorInWords()', () => {
  const finding = (state: Examined['state'], over: Partial<Examined> = {}): Examined => ({
    group: 'Firestore',
    what: 'records',
    state,
    words: 'as found',
    ...over,
  });
  const words = (...found: Examined[]) => doctorInWords(found, 'here').map(stripVTControlCharacters);

  test('says in its first line whether anything is wrong; what nobody can tell is not', () => {
    assert.equal(words(finding('ok'))[0], 'ok: nothing is wrong in here (1 check)');
    assert.equal(
      words(finding('ok'), finding('unknown'))[0],
      'ok: nothing is wrong in here (2 checks, 1 cannot be checked from here)',
    );
    assert.equal(words(finding('ok'), finding('wrong'))[0], 'wrong: 1 of 2 checks in here');
  });

  test('marks each finding, in its group, with what to do below it', () =>
    assert.deepEqual(
      words(
        finding('ok'),
        finding('unknown', { what: 'indexes' }),
        finding('wrong', { group: 'Tasks', what: 'x', words: '\u001b[2Jbad', mend: 'do this' }),
      ).slice(1),
      [
        ...['', 'Firestore', '  ok  records  as found', '  -   indexes  cannot tell: as found'],
        ...['', 'Tasks', '  !   x        bad', '      do this'],
      ],
    ));
});
