import type { Rule } from './rule.ts';

/** What platforms say of an end: it is final, and needs no log. */
export const PLATFORM: readonly Rule[] = [
  {
    name: 'task-timeout',
    category: 'timeout',
    kind: 'verdict',
    pattern:
      /reached (?:the|its) maximum (?:timeout of \d{1,9} seconds?|running time of \d{1,9} ?s\b|request timeout\b)|configured timeout was reached/i,
    example: 'Terminating task because it has reached the maximum timeout of 600 seconds.',
    counterExample: 'the maximum timeout is 600 seconds',
  },
  {
    name: 'build-timeout',
    category: 'timeout',
    kind: 'verdict',
    pattern:
      /^TIMEOUT$|^(?:ERROR: )?(?:the )?build (?:has )?timed out\b|\b(?:build|step) exceeded (?:its|the) timeout/i,
    example: 'TIMEOUT',
    counterExample: 'TIMEOUT=300',
  },
  {
    name: 'deadline-exceeded',
    category: 'timeout',
    kind: 'exception',
    pattern: /^context deadline exceeded$/i,
    example: 'context deadline exceeded',
    counterExample: 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  },
  {
    name: 'past-its-deadline',
    category: 'timeout',
    kind: 'verdict',
    pattern:
      /Job was active longer than specified deadline|\bDUE TO TIME LIMIT\b|exceed(?:s|ed) (?:its |the )?(?:maximum |configured |allowed )?(?:run ?time|execution time|run duration|wall ?time|running time|max(?:imum)? duration)\b|(?:the job|execution|run|workflow|pipeline) (?:has |was )?(?:timed out after|exceeded the (?:maximum )?(?:execution )?time limit)|stopped because it exceeded its timeout|exceeded the configured \S{1,40}timeout\b|exceeded the timeout of \d|Operation timed out after [\d.]{1,8} hours|AirflowTaskTimeout/i,
    example: 'slurmstepd: error: *** JOB 81 ON n7 CANCELLED AT 2026-01-31T12:00:00 DUE TO TIME LIMIT ***',
    counterExample: 'the time limit of the query is 30 s',
  },
  {
    name: 'queue-expired',
    category: 'timeout',
    kind: 'verdict',
    pattern:
      /^EXPIRED$|\bqueue(?:Ttl| TTL)\b.{0,40}(?:expired|exceeded)|expired (?:while|in the) (?:waiting|queued?)/i,
    example: 'EXPIRED',
    counterExample: 'The token is EXPIRED',
  },
  {
    name: 'preempted',
    category: 'preempted',
    kind: 'verdict',
    pattern:
      /(?<!\b(?:requests?|sequences?|queries|tasks?) )(?:was|were|been|being|got) pre-?empted\b|PreemptionByScheduler|DUE TO PREEMPTION|due to (?:Spot VM )?preemption\b|Spot (?:VM|instance|node|machine)s? .{0,40}(?:was|were|got|been|being) (?:reclaimed|interrupted)|spot (?:interruption|termination|reclamation) (?:notice|warning|signal)\b(?! (?:watcher|handler|listener|monitor|poller|service))|imminent node shutdown|(?:instance|node|VM) (?:is )?(?:pre-?empted|terminated by (?:the )?spot)|compute\.instances\.preempted|TERMINATE_ON_HOST_MAINTENANCE|received (?:a )?pre-?emption (?:notice|signal)|\bpre-?empted by\b|\bcluster is pre-?empted\b|\bhas state PREEMPTED\b|\binstance\/preempted\b.{0,30}\bTRUE\b/i,
    example: 'launch: Run k7 was preempted, requeuing...',
    counterExample: 'preemptible: true, spot instances allowed',
  },
  {
    name: 'cancelled',
    category: 'cancelled',
    kind: 'verdict',
    pattern:
      /^CANCELLED$|^(?:The )?(?:Execution|Job|Build|Run|Task|Workflow|Operation)(?: \S{1,120})? (?:was|has been) (?:cancell?ed|aborted|stopped)(?: by\b|\.?$|: | at )|(?<![,[] ?)JOB_STATE_CANCELLED\b(?! ?[,\]])|\b(?:cancell?ed|aborted|stopped|killed) by (?:the )?user\b(?! agent)|^(?:ERROR: )?(?:The )?(?:operation|build) (?:was|has been) cancell?ed|slurmstepd: error: \*{3} JOB \S{1,40} (?:ON \S{1,60} )?CANCELLED AT \S{1,40} \*{3}|^The user (?:requested (?!\S{1,100}==)|cancell?ed)|\bcancel(?:lation)? requested by\b|\bcancell?ed by \S{1,60}@\S|^Job cancell?ed\.?$|^(?:ERROR: )?context cancell?ed$|\bstopped from the UI\b|\bexternally set to (?:failed|success|skipped)\b|^message: "CANCELL?ED"/i,
    example: 'Execution trainer-7kq2z was cancelled.',
    counterExample: '3 pending requests were cancelled and sent again',
  },
  {
    name: 'step-cancelled',
    category: 'cancelled',
    kind: 'consequence',
    pattern: /slurmstepd: error: \*{3} STEP \S{1,40} (?:ON \S{1,60} )?CANCELLED AT \S{1,40} \*{3}/,
    example: 'slurmstepd: error: *** STEP 81.0 ON n7 CANCELLED AT 2026-01-31T12:00:00 ***',
    counterExample: 'slurmstepd: error: *** JOB 81 ON n7 CANCELLED AT 2026-01-31T12:00:00 ***',
  },
  {
    name: 'internal',
    category: 'internal',
    kind: 'verdict',
    pattern:
      /Internal error occurred for the current attempt|^INTERNAL_ERROR$|^(?:ERROR: )?(?:An )?internal error (?:has )?occurred(?:\.|$| while (?:running|processing|creating) the (?:job|build|execution|task))|JOB_STATUS_SERVICE_POLLING_ERROR|DUE TO NODE FAILURE|^Internal system error|: Internal system error, system will retry|encountered an internal error\b|: Internal error (?:encountered|occurred)\b|^Internal error\. Please |\bCauses: Internal Issue\b|\binternal error occurred on\b|\bstatus "INTERNAL_ERROR"|\bcode=INTERNAL\b/i,
    example: 'Internal error occurred for the current attempt.',
    counterExample: 'the internal error counter is 0',
  },
  {
    name: 'server-internal',
    category: 'internal',
    kind: 'exception',
    pattern: /\b500 (?:Internal error encountered|An internal error occurred)\b/,
    example: 'google.api_core.exceptions.InternalServerError: 500 Internal error encountered.',
    counterExample: '500 Internal Server Error for url: hub.example/x',
  },
];

/** Killed from outside: by whom is likely and not certain, so that what says it goes before them. */
export const KILLED: readonly Rule[] = [
  {
    name: 'signal-9',
    category: 'oom',
    kind: 'verdict',
    vague: true,
    hint: 'most likely memory',
    pattern:
      /(?:terminated|killed|died|exited|failed) (?:on|by|with|from|due to) (?:signal:? 9\b|(?:signal:? )?\(?SIGKILL)|with signal:? (?:9\b|SIGKILL)|\bsent SIGKILL\b|died with <Signals\.SIGKILL|Negsignal\.SIGKILL|Signal 9 \(SIGKILL\)|signal: killed\b/i,
    example: 'Container terminated on signal 9.',
    counterExample: 'Container terminated on signal 15.',
  },
  {
    name: 'exit-137',
    category: 'oom',
    kind: 'verdict',
    vague: true,
    hint: 'killed, most likely memory',
    pattern:
      /(?<![-\w])(?:exit(?:ed)?|exitcode|returned|(?:terminated|failed|finished|died) with|command terminated)(?: with)?(?: a)?(?: non-zero)?(?: exit)?(?: code| status|(?<=[Ee]xit(?:ed)?)|(?<=exitcode))(?: of)?[ :=(]{0,4}137\b(?! of\b| {0,4}#)/i,
    example: 'ERROR: step exited with non-zero status: 137',
    counterExample: 'query returned 137 rows',
  },
  {
    name: 'exit-minus-9',
    category: 'oom',
    kind: 'verdict',
    vague: true,
    hint: 'killed, most likely memory',
    pattern: /(?:exit ?code|exit status|return ?code|exited with code)[ :=(]{1,6}-9\b/i,
    example: 'exitcode  : -9 (pid: 4711)',
    counterExample: 'exitcode  : -6 (pid: 4711)',
  },
  {
    name: 'killed',
    category: 'oom',
    kind: 'verdict',
    vague: true,
    hint: 'most likely memory',
    pattern: /^(?:\S{1,120}: )?(?:line \d{1,6}: {1,3})?(?:\d{1,8} )?Killed(?:$| {8,40}\S)/,
    example: 'run.sh: line 12:   377 Killed                  python train.py',
    counterExample: 'Killed 3 idle workers of the pool',
  },
  {
    name: 'signal-11',
    category: 'python',
    kind: 'verdict',
    vague: true,
    hint: 'segmentation fault',
    pattern:
      /(?:terminated|killed|died|exited|failed) (?:on|by|with|from) (?:signal:? 11\b|(?:signal:? )?\(?SIGSEGV)|Signal 11 \(SIGSEGV\)|(?:exit(?:ed)?|status|code|returned|exitcode)(?: with)?(?: a)?(?: non-zero)?(?: exit)?(?: code| status)?(?: of)?[ :=(]{0,4}(?:139|-11)\b/i,
    example: 'Container terminated on signal 11.',
    counterExample: 'shard 139 of 500, code: ok',
  },
];

/** They say that something failed, and not why: shown where nothing else is said. */
export const POINTERS: readonly Rule[] = [
  {
    name: 'build-step',
    category: 'build',
    kind: 'pointer',
    pattern: /build step \d{1,4} "[^"]{0,200}" failed/i,
    example: 'ERROR: build step 0 "gcr.io/cloud-builders/docker" failed: step exited with non-zero status: 1',
    counterExample: 'build step 0 finished',
  },
  {
    name: 'replica-exit',
    category: 'unknown',
    kind: 'pointer',
    pattern: /The replica \S{1,40}(?: \d{1,4})? exited with a non-zero status of \d{1,3}/i,
    example: 'The replica workerpool0-0 exited with a non-zero status of 1.',
    counterExample: 'The replica workerpool0-0 exited.',
  },
  {
    name: 'task-failed',
    category: 'unknown',
    kind: 'pointer',
    pattern:
      /Task \S{1,120} failed with (?:message|exit code): |container exited with an error|Execution \S{1,120} has failed to complete|Job entrypoint command failed|Workflow failed\. Causes: |failed \(exitcode: \d{1,3}\)/i,
    example: 'Task load-task0 failed with message: The container exited with an error.',
    counterExample: 'Task load-task0 done',
  },
];
