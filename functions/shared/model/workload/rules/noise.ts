/** Lines that are never an answer, whatever words they hold: harmless notes, and what is printed once all is over. */
export interface Noise {
  name: string;
  pattern: RegExp;
  example: string;
  counterExample: string;
}

export const NOISE: readonly Noise[] = [
  {
    name: 'own-words',
    pattern: /BAILOUT TRIGGER|Monitoring for fatal errors/,
    example: '🔍 BAILOUT TRIGGER: Machine type (pattern: x)',
    counterExample: '🚨 FATAL ERROR DETECTED: Machine type',
  },
  {
    name: 'shutdown',
    pattern:
      /^Exception ignored in|leaked (?:semaphore|shared_memory) objects|closing signal SIG|got signal: \d|Received \d{1,2} death signal|SignalException|Stop requested|Exception raised from |resource_tracker|destroy_process_group\(\) was not called|There are some potential root causes|Killing subprocess \d|^srun: (?:error: )?\S{1,80}: tasks? \S{1,80}: (?:Terminated|Killed|Exited)|^srun: (?:Terminating|Force Terminated|Job step aborted)|only expected if one of the tasks is unhealthy|Terminating and syncing runs|Waiting for W&B process to finish|While tearing down the service manager|Received SIGTERM\b/i,
    example: 'Sending process 41 closing signal SIGTERM',
    counterExample: 'the process closed its file',
  },
  {
    name: 'advice',
    pattern:
      /CUDA kernel errors might be asynchronously|For debugging consider passing CUDA_LAUNCH_BLOCKING|Compile with `?TORCH_USE_CUDA_DSA|For simplicity, JAX has removed|JAX_TRACEBACK_FILTERING|Some NCCL operations have failed or timed out|To avoid data inconsistency, we are taking|FlightRecorder|Set the environment variable HYDRA_FULL_ERROR|PYTORCH_CUDA_ALLOC_CONF=|To find out more about why your job exited|A new release of pip|\[notice\]|View (?:run|project|sweep) |Find logs at|^Synced \d{1,6} W&B|^Run (?:history|summary):|HINT: |Visit \S{1,200} for (?:more|help)|note: (?:run with|This error originates|This is an issue with)|--no-cache|A complete log of this run/i,
    example: 'CUDA kernel errors might be asynchronously reported at some other API call',
    counterExample: 'CUDA error: an illegal memory access was encountered',
  },
  {
    name: 'harmless',
    pattern:
      /Unable to register cu(?:DNN|FFT|BLAS) factory|not a git repository|failed call to cuInit|^Back-off (?:pulling image|restarting failed container)|NCCL WARN .{0,120}Address already in use|\] NCCL (?:INFO|TRACE) |newly initialized|Disabling parallelism to avoid deadlocks|computation placer already registered|TF-TRT Warning|could not open file to read NUMA node|Cannot dlopen some GPU libraries|Could not load dynamic library|Can't reduce memory use below|rematerialization|(?:User|Future|Deprecation|Runtime|Resource|Pending\w{0,20}|Experimental\w{0,20})Warning: |warnings\.warn\(|NUMA node read from SysFS had negative value|oneDNN custom operations|All log messages before absl::InitializeLog|\bPASSED\b|npm (?:warn|WARN) |DEPRECATION: |WARNING: Running pip as|dependency resolver does not currently take/,
    example: 'Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN',
    counterExample: 'cuDNN error: CUDNN_STATUS_EXECUTION_FAILED',
  },
  {
    name: 'hearsay',
    pattern:
      /\b(?:last|previous|prior|earlier) (?:run|attempt|try|build|execution)\b.{0,40}(?::|\b(?:was|failed|ended)\b)|\bhistory: |\bdry[- ]run\b|\bwould (?:say|print|fail|have been|stop)\b|\bhelp: |\bsimulated\b|\bis possible$|\bXFAIL\b/i,
    example: 'last run: FAILED (quota exceeded)',
    counterExample: 'Last State: Terminated, Reason: OOMKilled',
  },
  {
    name: 'compiler-warning',
    pattern: /^\S{1,200}:\d{1,6}(?::\d{1,6})?: (?:warning|note): /,
    example: "src/quota.cc:19:6: warning: 'void quota_exceeded(int)' is deprecated",
    counterExample: 'src/disk.cc:77:14: error: unknown type name',
  },
  {
    name: 'counters',
    pattern:
      /\b(?:errors?|failures?|failed|exceptions?|timeouts?|retries)(?:_\w{1,30})?[:=] ?0(?:\.0{1,4})?%?\b|\b0 (?:errors?|failures?|failed|exceptions?|timeouts?)\b|\berror_rate\b|\b(?:no|without) errors?\b/i,
    example: 'shards=12 errors=0 failed: 0',
    counterExample: 'error: shard 12 is broken',
  },
];
