import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { reasonOf } from '../../../../functions/shared/model/workload/reason.ts';

/** Lines that hold the words of a reason and are about something else: none of them may be shown as the reason. */

const KEY_ERROR = [
  'Traceback (most recent call last):',
  '  File "/app/train.py", line 31, in <module>',
  "    main(config['lr'])",
  "KeyError: 'lr'",
];

describe('a log that failed for another reason is not explained by', () => {
  for (const line of [
    '"OOMKilled": false,',
    'Starting spot interruption notice watcher',
    'WARNING: 12 sequences were preempted',
    'Polling until state in JOB_STATE_SUCCEEDED, JOB_STATE_FAILED, JOB_STATE_CANCELLED, JOB_STATE_PAUSED',
    'Upload of cache aborted by user agent policy',
    'Autoscaler: using instance limit of 8 per zone',
    'Router: expert 3 has no capacity, dropping 12 tokens',
    '    Double Bit ECC : 0',
    'no uncorrectable ECC errors found',
    'Trial 3 died with 9 retries left',
    'mypy exited with 11 warnings',
    'query returned 137 rows',
    'query returned 0 rows',
    'Download completed successfully',
    'gsutil exited with code 0',
  ])
    test(JSON.stringify(line), () => {
      const { line: shown, category } = reasonOf([line, ...KEY_ERROR], undefined, { failed: true });
      assert.deepEqual([category, shown.includes("KeyError: 'lr'")], ['python', true], shown);
    });

  for (const lines of [
    ['Batch status: 137 of 500 done', 'ERROR: label file is not UTF-8', 'Container called exit(1).'],
    ['The job timed out after 60 s, retrying', 'ERROR: label file is not UTF-8', 'Container called exit(1).'],
    ['LR sweep finished, exiting', 'ERROR: best lr 0.0 is out of range', 'Container called exit(1).'],
    [
      "INFO:jax._src.xla_bridge:Unable to initialize backend 'tpu'",
      'ERROR: vocabulary differs from embedding',
    ],
    ['Validation failed with 9 errors'],
    ['Build failed with 11 errors'],
  ])
    test(JSON.stringify(lines[0]), () => {
      const { line, category } = reasonOf(lines, undefined, { failed: true });
      assert.ok(
        ['unknown', 'python', 'build'].includes(category) && !/signal|memory/.test(line),
        `${category}: ${line}`,
      );
    });

  test('a name that nobody knows, which is not of W&B', () => {
    const { category } = reasonOf([
      ...KEY_ERROR.slice(0, 3),
      'ValueError: Entity Q42 not found in knowledge base',
    ]);
    assert.equal(category, 'python');
  });
});

describe('what failed did not end well, whatever else its log says', () => {
  for (const lines of [
    ['query returned 0 rows', 'ERROR: nothing to train on'],
    ['Download completed successfully', 'ERROR: checksum mismatch for shard 3'],
    ['Benchmark Runs: 12', 'FATAL: dataset is empty'],
    ['bad input', 'Container called exit(1).', 'Container called exit(0).'],
    ['gsutil exited with code 0', 'FATAL: dataset is empty'],
  ])
    test(JSON.stringify(lines[0]), () => {
      const { category, line } = reasonOf(lines, undefined, { failed: true });
      assert.notEqual(category, 'success', line);
    });
});

describe('what these words are about is still found', () => {
  for (const [category, line] of [
    ['oom', 'Container terminated on signal 9.'],
    ['oom', 'ERROR: step exited with non-zero status: 137'],
    ['oom', 'command terminated with exit code 137'],
    ['oom', 'Process finished with exit code 137'],
    ['oom', 'exitcode: 137 (pid: 12)'],
    ['oom', 'returned non-zero exit status 137.'],
    ['oom', 'Reason: OOMKilled'],
    ['oom', '"OOMKilled": true,'],
    ['preempted', 'launch: Run k7 was preempted, requeuing...'],
    ['cancelled', 'state: JOB_STATE_CANCELLED'],
    ['gpu', 'NVRM: uncorrectable ECC error encountered'],
    ['capacity', 'the zone reports that there is no available capacity'],
    ['timeout', 'The job timed out after 3600 s'],
  ] as const)
    test(JSON.stringify(line), () => assert.equal(reasonOf([line]).category, category));
});
