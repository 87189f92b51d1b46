import type { Rule } from './rule.ts';

/** Memory and disk of the host. */
export const MEMORY: readonly Rule[] = [
  {
    name: 'ray-memory',
    category: 'oom',
    kind: 'cause',
    pattern:
      /ray\.exceptions\.OutOfMemoryError|Task was killed due to the node running low on memory|\bOutOfMemoryError: .{0,60}worker|Worker exceeded \d{1,3}% memory budget|KilledWorker\b/,
    example: 'ray.exceptions.OutOfMemoryError: Task was killed due to the node running low on memory.',
    counterExample: 'Worker is at 41% memory budget',
  },
  {
    name: 'memory-limit',
    category: 'oom',
    kind: 'verdict',
    pattern:
      /Memory limit of \d{1,9} ?[KMG]i?B? exceeded|exceed(?:s|ed|ing)? (?:its |the )?(?:configured |physical |virtual )?memory limit|memory usage .{0,60}exceeds (?:the )?limit|Exceeded job memory limit/i,
    example: 'Memory limit of 512 MiB exceeded with 530 MiB used. Consider increasing the memory limit',
    counterExample: 'Memory limit is 512 MiB',
  },
  {
    name: 'memory-limit-reached',
    category: 'oom',
    kind: 'verdict',
    pattern: /configured memory limit was reached|was found to be using too much memory/i,
    example: 'Task t-task0 failed with exit code: 0 and message: The configured memory limit was reached.',
    counterExample: 'The memory limit was not configured.',
  },
  {
    name: 'replica-memory',
    category: 'oom',
    kind: 'verdict',
    pattern: /Replicas? low on memory\b|ran out of memory and exited/i,
    example: 'The replica workerpool0-0 ran out of memory and exited with a non-zero status of 9.',
    counterExample: 'The replica workerpool0-0 exited with a non-zero status of 1.',
  },
  {
    name: 'oom-killed',
    category: 'oom',
    kind: 'verdict',
    pattern:
      /\bOOM-?Killed\b(?!["']?\s{0,3}[:=]\s{0,3}["']?(?:false|no|0)\b)|(?:cgroup )?out of memory: Kill(?:ed)? process|Out of memory: Killed|invoked oom-killer|killed due to memory pressure|oom[-_]kill(?:er)? event|detected \d{1,4} oom|low on resource: memory|killed by the cgroup out-of-memory handler|Out-of-memory event detected|^(?!.{0,300}(?:cuda|gpu|hip\b)).{0,300}: Out Of Memory$/i,
    example: 'Memory cgroup out of memory: Killed process 2291 (python) total-vm:81234kB',
    counterExample: 'oom_score_adj is 900',
  },
  {
    name: 'worker-killed',
    category: 'oom',
    kind: 'cause',
    pattern: /DataLoader worker \(pid[^)]{0,60}\) is killed by signal: Killed/,
    example: 'RuntimeError: DataLoader worker (pid 77) is killed by signal: Killed.',
    counterExample: 'RuntimeError: DataLoader worker (pid 77) is killed by signal: Terminated.',
  },
  {
    name: 'shared-memory',
    category: 'oom',
    kind: 'cause',
    pattern:
      /DataLoader worker \(pid[^)]{0,60}\) is killed by signal: Bus error|insufficient shared memory \(shm\)|unable to (?:write to file|open shared memory object|allocate shared memory).{0,80}(?:torch_|shm|No space left)|out of shared memory|shared memory.{0,40}is too small|No space left on device.{0,80}\/dev\/shm|\/dev\/shm.{0,80}(?:No space left|too small|is full)/i,
    example:
      'RuntimeError: DataLoader worker (pid 8) is killed by signal: Bus error. It is possible that dataloader’s workers are out of shared memory.',
    counterExample: 'shared memory of 64 MB is mounted at /dev/shm',
  },
  {
    name: 'compiler-killed',
    category: 'oom',
    kind: 'cause',
    pattern:
      /fatal error: Killed signal terminated program \S{1,60}|cc1plus: out of memory|virtual memory exhausted|LLVM ERROR: out of memory/i,
    example: 'g++: fatal error: Killed signal terminated program cc1plus',
    counterExample: 'g++: fatal error: no input files',
  },
  {
    name: 'cpu-allocator',
    category: 'oom',
    kind: 'cause',
    pattern:
      /DefaultCPUAllocator: (?:can't|not enough memory|out of memory)|OOM when allocating tensor with shape.{0,200}by allocator (?:mkl_)?cpu|Unable to allocate [\d.]{1,12} [KMGTP]i?B for an array|std::bad_alloc(?!.{0,40}CUDA)|Cannot allocate memory\b|failed to allocate memory|\bmalloc of size \d{1,16} failed|memory allocation of \d{1,16} bytes failed/i,
    example:
      'numpy.core._exceptions._ArrayMemoryError: Unable to allocate 88.2 GiB for an array with shape (9, 9) and data type float64',
    counterExample: 'CPU memory allocated: 3 GiB',
  },
  {
    name: 'runtime-heap',
    category: 'oom',
    kind: 'cause',
    pattern:
      /java\.lang\.OutOfMemoryError|JavaScript heap out of memory|Ineffective mark-compacts near heap limit|runtime: out of memory|OutOfMemoryException|Out of Memory Error: |Java heap space|GC overhead limit exceeded|Container killed by YARN for exceeding memory/i,
    example: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    counterExample: 'the Java heap has 4g',
  },
  {
    name: 'memory-error',
    category: 'oom',
    kind: 'exception',
    vague: true,
    pattern: /^(?:[\w.]{1,80}\.)?_?(?:Array)?MemoryError(?::|$)/,
    example: 'MemoryError',
    counterExample: 'MemoryErrorHandler installed',
  },
  {
    name: 'disk-full',
    category: 'disk',
    kind: 'cause',
    pattern:
      /\[Errno (?:28|122)\]|no space left on device|Replicas? low on disk\b|disk quota exceeded|low on resource: ephemeral-storage|ephemeral(?:[- ]local)?[- ]storage usage exceeds|ENOSPC\b|database or disk is full|not enough (?:free )?disk space|don't have enough free space|too big for remaining disk space|(?:disk|filesystem|volume) is full|There is not enough space on the disk|iostream error: No space|exceed(?:s|ed) (?:the )?(?:limit|quota) of ephemeral|PytorchStreamWriter failed writing file.{0,60}No space/i,
    example: "OSError: [Errno 28] No space left on device: '/data/ckpt/last.pt'",
    counterExample: 'disk usage is 71 %, 300 GB free',
  },
  {
    name: 'checkpoint-write',
    category: 'disk',
    kind: 'exception',
    vague: true,
    hint: 'most likely the disk is full',
    pattern: /PytorchStreamWriter failed writing file|inline_container\.cc:\d{1,6}\] .{0,20}unexpected pos/,
    example: 'RuntimeError: [enforce fail at inline_container.cc:626] . unexpected pos 3904 vs 3798',
    counterExample: 'PytorchStreamReader failed reading zip archive',
  },
];
