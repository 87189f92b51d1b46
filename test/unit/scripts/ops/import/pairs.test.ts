import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { sourceSchema } from '../../../../../functions/shared/model/job/source.ts';
import {
  fieldPairs,
  shellWord,
  statusFlag,
  statusPairs,
} from '../../../../../scripts/ops/import/flags/pairs.ts';
import { readStatuses } from '../../../../../scripts/ops/import/flags/statuses.ts';
import { sized } from '../../../../support/soak.ts';

describe('fieldPairs()', () => {
  for (const [text, pairs] of [
    ['id=name,status=phase', ['id=name', 'status=phase']],
    ['id=Job, name, status=State', ['id=Job, name', 'status=State']],
    ["id=ids[0],error=join(', ', [a, b]),status=s", ['id=ids[0]', "error=join(', ', [a, b])", 'status=s']],
    ["endedAt=c[?a=='x' && b==`1`].t | [0],id=n", ["endedAt=c[?a=='x' && b==`1`].t | [0]", 'id=n']],
    ['id="a, b=c",status="d"', ['id="a, b=c"', 'status="d"']],
    ['id,status=s', ['id', 'status=s']],
  ] as const)
    test(`splits ${text}`, () => assert.deepEqual(fieldPairs(text), pairs));

  test('collects what is repeated', () => assert.deepEqual(fieldPairs('b=2', ['a=1']), ['a=1', 'b=2']));
});

describe('statusPairs()', () => {
  for (const [text, pairs] of [
    ['Succeeded=completed, Failed=failed', ['Succeeded=completed', 'Failed=failed']],
    ['Failed, out of memory=failed,Done=completed', ['Failed, out of memory=failed', 'Done=completed']],
    ['"a=b, c"=failed,d=completed', ['"a=b, c"=failed', 'd=completed']],
    ['5" disk, full=failed,d=completed', ['5" disk, full=failed', 'd=completed']],
    ['=cancelled,x=failed', ['=cancelled', 'x=failed']],
  ] as const)
    test(`splits ${text}`, () => assert.deepEqual(statusPairs(text), pairs));
});

describe('statusFlag()', () => {
  for (const [status, flag] of [
    ['Odd', '--status Odd=STATE'],
    ['', '--status =STATE'],
    ['CANCELLED by 123', "--status 'CANCELLED by *=STATE'"],
    ['Failed, oom', "--status 'Failed, oom=STATE'"],
    ["it's", "--status 'it'\\''s=STATE'"],
    ['a=b, c', `--status '"a=b, c"=STATE'`],
    ['a\nb', `--status '"a\\nb"=STATE'`],
    ['x'.repeat(70), `--status '${'x'.repeat(60)}*=STATE'`],
  ] as const)
    test(`maps ${JSON.stringify(status)}`, () => assert.equal(statusFlag(status), flag));

  test('works when followed, whatever the status is', () => {
    const time = (path: string) => ({ path, type: 'timestamp' });
    const source = sourceSchema.parse({
      collection: 'jobs',
      fields: { status: 's', startedAt: time('a'), endedAt: time('b') },
      statuses: { R: 'running', D: 'completed', F: 'failed', C: 'cancelled' },
    });
    const odd = fc.string({
      unit: fc.constantFrom('a', ',', '=', '"', '\\', "'", ' ', '*', '\n', '1', '$', 'é'),
    });
    fc.assert(
      fc.property(fc.oneof(odd, fc.string({ unit: 'binary' })), (status) => {
        const word = statusFlag(status)
          .replace('--status ', '')
          .replace(/=STATE('?)$/, '=failed$1');
        const statuses = readStatuses('jobs', source, statusPairs(unshelled(word)));
        assert.equal(statuses(status)?.state, 'failed');
      }),
      { numRuns: sized(300, 10_000) },
    );
  });
});

/** What a shell makes of a word. */
function unshelled(word: string): string {
  const plain = word.startsWith("'") ? word.slice(1, -1).replaceAll("'\\''", "'") : word;
  assert.equal(shellWord(plain), word);
  return plain;
}
