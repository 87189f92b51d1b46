import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ALARM_KINDS } from '../../../../functions/shared/model/run/alarm.ts';
import { adviceOn } from '../../../../functions/shared/model/run/alarm-advice.ts';

const BROKEN_AT = new Date('2026-03-09T10:00:00Z');

describe('the advice on an alarm', () => {
  test('is to run a task whose duty is not done', () => {
    for (const kind of ['failing', 'missed'] as const)
      assert.equal(
        adviceOn({ kind, subject: 'prune-records', brokenAt: BROKEN_AT }).command,
        'npm run -s ops -- run prune-records',
      );
  });

  test('is a sentence of each kind, and names a command of ours', () => {
    for (const kind of ALARM_KINDS) {
      const { words, command } = adviceOn({ kind, subject: 'training', brokenAt: BROKEN_AT });
      assert.match(words, /^[A-Z].{20,100}\.$/, kind);
      assert.match(command, /^npm run -s ops -- [a-z]/, kind);
    }
  });
});
