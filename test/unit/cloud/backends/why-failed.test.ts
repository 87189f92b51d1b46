import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whyFailed } from '../../../../functions/shared/cloud/backends/google-jobs.ts';

describe('why a job failed, as its record tells it', () => {
  test('is the reason first, then what the platform says', () => {
    const message =
      'The replica workerpool0-0 exited with a non-zero status of 1. Termination reason: Error. \nTraceback (most recent call last):\n  [...]\n  File "/root/.local/lib/trainer/task.py", line 12, in <module>\n    import apex\nModuleNotFoundError: No module named \'apex\'\n\nTo find out more about why your job exited please check the logs: https://console.example';
    const [first, second, ...others] = whyFailed(message)?.split('\n') ?? [];
    assert.equal(first, "ModuleNotFoundError: No module named 'apex' (task.py:12)");
    assert.match(second ?? '', /^The replica workerpool0-0 exited .* please check the logs: /);
    assert.deepEqual(others, []);
  });

  test('is said once where the platform says it in one line', () => {
    const message =
      'Replicas low on memory: workerpool0. Specify a machine with larger memory and try again.';
    assert.equal(whyFailed(message), message);
  });

  test('is what was said where nobody knows the reason, and nothing where nobody says anything', () => {
    const message = 'Task failed with message: The container exited with an error.';
    assert.equal(whyFailed(message, ['3 rows']), `${message}\n3 rows`);
    assert.equal(whyFailed(undefined), null);
    assert.equal(whyFailed('', ['', ' ']), null);
  });

  test('holds no half of a character, however it is cut', () => {
    for (const length of [1_990, 1_991])
      assert.ok(whyFailed(`${'x'.repeat(length)}${'\u{1f600}'.repeat(9)}`, ['a \ud83d b'])?.isWellFormed());
  });

  test('holds no secret of a log', () => {
    const told = whyFailed('failed', [
      'RuntimeError: login to https://bob:hunter2@db.example failed, token=abc123def',
    ]);
    assert.equal(told, 'RuntimeError: login to db.example failed, token=[redacted]\nfailed');
  });
});
