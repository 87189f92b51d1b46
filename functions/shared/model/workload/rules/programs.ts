import type { Rule } from './rule.ts';

/** How programs end by their own error: the interpreter of Python, and whatever is not Python. */
export const PROGRAMS: readonly Rule[] = [
  {
    name: 'python-fatal',
    category: 'python',
    kind: 'cause',
    pattern: /^Fatal Python error: \S/,
    example: 'Fatal Python error: Segmentation fault',
    counterExample: 'Python error handling is on',
  },
  {
    name: 'interrupted',
    category: 'cancelled',
    kind: 'consequence',
    pattern:
      /^KeyboardInterrupt\b|^(?:\w{1,40}\.){0,3}CancelledError\b|received SIGINT\b|^Interrupted by user|Ctrl ?[-+] ?C (?:received|detected|pressed)/i,
    example: 'KeyboardInterrupt',
    counterExample: 'Terminating and syncing runs. Press ctrl-c to kill.',
  },
  {
    name: 'module-missing',
    category: 'python',
    kind: 'exception',
    pattern: /^(?:\S{1,80}\.)?(?:ModuleNotFoundError|ImportError): \S/,
    example: "ModuleNotFoundError: No module named 'apex'",
    counterExample: 'module apex found',
  },
  {
    name: 'run-errored',
    category: 'python',
    kind: 'cause',
    vague: true,
    pattern: /^Run \S{1,60} errored: \S/,
    example: "wandb: ERROR Run k3x9 errored: KeyError('lr')",
    counterExample: 'Run k3x9 finished',
  },
  {
    name: 'not-a-number',
    category: 'python',
    kind: 'cause',
    pattern:
      /(?:loss|gradient|grad(?:_norm)?|cost|reward|logits?|weights?)s?\b.{0,40}(?:is|are|was|became|has|have|contains?|=|:|diverged to) {0,2}(?:nan|inf|not finite|non-finite)\b.{0,80}(?:stop|abort|exit|halt|terminat|rais|kill|crash|giving up)|(?:stopp|abort|exit|halt|terminat)(?:ing|ed).{0,60}(?:loss|gradients?|grad norm).{0,30}(?:nan|inf|not finite|non-finite)\b|(?:found|detected|encountered) (?:a )?(?:nan|inf|non-finite).{0,40}(?:loss|grad).{0,80}(?:stop|abort|exit|rais)|Current loss scale already at minimum|Minimum loss scale reached/i,
    example: 'loss is nan at step 1200, stopping training',
    counterExample: 'loss: nan_to_num applied, loss 0.31',
  },
  {
    name: 'segfault-program',
    category: 'crash',
    kind: 'cause',
    pattern:
      /^\S{1,120}: line \d{1,6}: {1,8}\d{1,8} Segmentation fault {1,30}(?:\(core dumped\) {1,30})?(?![(]|\S{0,100}python)\S/,
    example: 'run.sh: line 9:    21 Segmentation fault      (core dumped) ./ann_build --threads 8',
    counterExample: 'run.sh: line 9:    21 Segmentation fault      (core dumped) python train.py',
  },
  {
    name: 'segfault',
    category: 'python',
    kind: 'cause',
    vague: true,
    pattern:
      /^(?:\S{1,120}: line \d{1,6}: {1,8}\d{1,8} )?Segmentation fault\b|\*{3} SIGSEGV|Signal: Segmentation fault|SIGSEGV: segmentation|Caught signal 11|received signal SIGSEGV/i,
    example: 'Segmentation fault (core dumped)',
    counterExample: 'segments: 12, faults: 0',
  },
  {
    name: 'python-compile',
    category: 'python',
    kind: 'cause',
    pattern: /^(?:SyntaxError|IndentationError|TabError): \S/,
    example: "SyntaxError: '(' was never closed",
    counterExample: 'checked syntax of 12 files',
  },
  {
    name: 'panic',
    category: 'crash',
    kind: 'cause',
    pattern:
      /^panic: \S|^thread '[^']{1,120}'(?: \(\d{1,12}\))? panicked at|^fatal error: (?:all goroutines|concurrent map|unexpected signal|stack overflow)|^signal SIG[A-Z]{3,5}: |goroutine stack exceeds/,
    example: 'panic: runtime error: index out of range [5] with length 3',
    counterExample: 'panic mode is off',
  },
  {
    name: 'uncaught',
    category: 'crash',
    kind: 'cause',
    pattern:
      /^Exception in thread "[^"]{1,120}" \S|^Uncaught \S|^\S{1,200}: Assertion [`'"].{1,300}['"] failed|^\S{1,300}: .{1,300}: Assertion [`'"].{1,300}['"] failed|^pure virtual method called|^double free or corruption|^#? {0,3}SIG[A-Z]{3,5} \(0x[\da-f]{1,2}\) at pc=|^(?:free|malloc|realloc)\(\): |^corrupted (?:size|double)|^munmap_chunk\(\)|\bGGML_ASSERT\(|^\*{3} (?:Check failure|stack smashing)|^Check failed: |^Unhandled exception[.:]|UnhandledPromiseRejection|ERR_MODULE_NOT_FOUND|^Error: Cannot find module|^Could not find or load main class|^Error: Could not find or load main class|^Error: Unable to access jarfile|^Exception: \S{1,200} \(.{0,200}\)$|^PHP Fatal error|^\S{1,200}:\d{1,6}:in [`'].{1,100}': .{1,200} \(\w{1,80}(?:Error|Exception)\)|^Error in .{1,120} ?: |^LoadError: |^\*\* \(\w{1,80}Error\)/,
    example: 'Exception in thread "main" java.lang.IllegalStateException: no shards',
    counterExample: 'Exceptions in threads: none',
  },
  {
    name: 'terminate',
    category: 'crash',
    kind: 'consequence',
    vague: true,
    pattern: /^terminate called (?:after throwing|without an active exception)/,
    example: "terminate called after throwing an instance of 'std::out_of_range'",
    counterExample: 'terminate was called by the user',
  },
  {
    name: 'halted',
    category: 'crash',
    kind: 'pointer',
    vague: true,
    pattern: /^Execution halted\b/,
    example: 'Execution halted',
    counterExample: 'Execution was not halted',
  },
  {
    name: 'aborted',
    category: 'crash',
    kind: 'pointer',
    pattern:
      /^(?:\S{1,120}: line \d{1,6}: {1,8}\d{1,8} )?Aborted\b|(?:terminated|killed|died) (?:on|by|with) signal:? (?:6\b|\(?SIGABRT)|Signal 6 \(SIGABRT\)|(?:floating point exception|illegal instruction|bus error)(?: \(core dumped\))?$/i,
    example: 'Aborted (core dumped)',
    counterExample: '0 aborted, 3 done',
  },
];
