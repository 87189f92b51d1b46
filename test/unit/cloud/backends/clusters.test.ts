import { END, START, type System, testSystems } from '../../../support/http-answers.ts';

/** Systems that run jobs on a cluster as their APIs answer, and settings that read them; README shows how such settings look. */

const [START_S, END_S] = [Date.parse(START) / 1000, Date.parse(END) / 1000];
const [START_MS, END_MS] = [Date.parse(START), Date.parse(END)];

/** A Job of Kubernetes, as its API server tells it. */
const kubernetes = (status: object) => ({ kind: 'Job', metadata: { name: 'train-7' }, status });
const condition = (type: string, status = 'True', at = END) => ({ type, status, lastTransitionTime: at });
/** Whatever `slurmrestd` tells of a job; numbers may be unset or without an end. */
const slurm = (job: object) => ({ jobs: [{ job_id: 4242, ...job }], errors: [], warnings: [] });
const number = (value: number, set = true) => ({ set, infinite: false, number: value });

const SYSTEMS: Record<string, System> = {
  'a Kubernetes Job': {
    id: 'train-7',
    settings: {
      url: 'https://k8s.example/apis/batch/v1/namespaces/ml/jobs/{id}',
      // A job that runs has no condition; SuccessCriteriaMet and FailureTarget come before the end.
      state: "status.conditions[?status=='True' && contains(['Complete', 'Failed', 'Suspended'], type)].type",
      absent: 'running',
      statuses: { Complete: 'completed', Failed: 'failed', Suspended: 'suspended' },
      startedAt: 'status.startTime',
      // One that failed has no completionTime.
      endedAt:
        "status.completionTime || status.conditions[?type=='Failed' && status=='True'].lastTransitionTime",
      error: "status.conditions[?type=='Failed'].message",
    },
    cases: [
      ['just created', 200, kubernetes({}), ['running', null, null]],
      ['running', 200, kubernetes({ active: 1, startTime: START }), ['running', START, null]],
      [
        'about to succeed',
        200,
        kubernetes({ startTime: START, conditions: [condition('SuccessCriteriaMet')] }),
        ['running', START, null],
      ],
      [
        'complete',
        200,
        kubernetes({
          startTime: START,
          completionTime: END,
          conditions: [condition('SuccessCriteriaMet'), condition('Complete')],
        }),
        ['completed', START, END],
      ],
      [
        'failed',
        200,
        kubernetes({ startTime: START, conditions: [condition('FailureTarget'), condition('Failed')] }),
        ['failed', START, END],
      ],
      [
        'suspended',
        200,
        kubernetes({ conditions: [condition('Suspended', 'True', START)] }),
        ['suspended', null, null],
      ],
      [
        'resumed',
        200,
        kubernetes({ startTime: START, conditions: [condition('Suspended', 'False', START)] }),
        ['running', START, null],
      ],
      [
        'suspended and failed at once',
        200,
        kubernetes({ conditions: [condition('Suspended'), condition('Failed')] }),
        ['unknown', null, null],
      ],
      [
        'deleted',
        404,
        {
          kind: 'Status',
          apiVersion: 'v1',
          status: 'Failure',
          reason: 'NotFound',
          code: 404,
          message: 'jobs.batch "train-7" not found',
          details: { name: 'train-7', group: 'batch', kind: 'jobs' },
        },
        ['gone', null, null],
      ],
      ['of a cluster that does not know Jobs', 404, '404 page not found', ['unknown', null, null]],
    ],
  },

  'a Workload of Kueue': {
    id: 'job-train-7',
    settings: {
      url: 'https://k8s.example/apis/kueue.x-k8s.io/v1beta1/namespaces/ml/workloads/{id}',
      state:
        "(status.conditions[?status=='True' && type=='Finished'] || status.conditions[?status=='True' && type=='Evicted'] || status.conditions[?status=='True' && type=='Admitted'])[-1].[type, reason] | join('/', @)",
      absent: 'queued',
      statuses: {
        'Admitted/Admitted': 'running',
        'Finished/Succeeded': 'completed',
        'Finished/Failed': 'failed',
        'Evicted/Preempted': 'suspended',
      },
      endedAt: "status.conditions[?type=='Finished'].lastTransitionTime",
    },
    cases: [
      [
        'admitted',
        200,
        { status: { conditions: [{ ...condition('Admitted'), reason: 'Admitted' }] } },
        ['running', null, null],
      ],
      [
        'evicted',
        200,
        { status: { conditions: [{ ...condition('Evicted'), reason: 'Preempted' }] } },
        ['suspended', null, null],
      ],
      [
        'finished',
        200,
        {
          status: {
            conditions: [
              { ...condition('Admitted', 'True', START), reason: 'Admitted' },
              { ...condition('Finished'), reason: 'Succeeded' },
            ],
          },
        },
        ['completed', null, END],
      ],
      [
        'finished otherwise',
        200,
        { status: { conditions: [{ ...condition('Finished'), reason: 'OutOfSync' }] } },
        ['unknown', null, null],
      ],
    ],
  },

  Slurm: {
    id: '4242',
    settings: {
      url: 'https://slurm.example/slurm/v0.0.41/job/{id}',
      // The first is the base state; flags such as COMPLETING follow.
      state: 'jobs[0].job_state[0]',
      statuses: {
        PENDING: 'queued',
        RUNNING: 'running',
        SUSPENDED: 'suspended',
        COMPLETED: 'completed',
        FAILED: 'failed',
        TIMEOUT: 'failed',
        NODE_FAIL: 'failed',
        OUT_OF_MEMORY: 'failed',
        CANCELLED: 'cancelled',
        PREEMPTED: 'cancelled',
      },
      startedAt: { path: 'jobs[0].start_time.number', type: 'seconds' },
      endedAt: { path: 'jobs[0].end_time.number', type: 'seconds' },
      gone: { path: 'errors[0].error_number', is: 2017 },
    },
    cases: [
      [
        'pending, of unset times',
        200,
        slurm({ job_state: ['PENDING'], start_time: number(0, false), end_time: number(0) }),
        ['queued', null, null],
      ],
      [
        // Its end is the one of its time limit.
        'running, of an end to come',
        200,
        slurm({ job_state: ['RUNNING'], start_time: number(START_S), end_time: number(END_S + 86_400) }),
        ['running', START, null],
      ],
      [
        'suspended',
        200,
        slurm({ job_state: ['SUSPENDED'], start_time: number(START_S), end_time: number(0) }),
        ['suspended', START, null],
      ],
      [
        'completed, about to be cleaned up',
        200,
        slurm({
          job_state: ['COMPLETED', 'COMPLETING'],
          start_time: number(START_S),
          end_time: number(END_S),
        }),
        ['completed', START, END],
      ],
      [
        'cancelled',
        200,
        slurm({ job_state: ['CANCELLED'], start_time: number(START_S), end_time: number(END_S) }),
        ['cancelled', START, END],
      ],
      [
        'failed, of plain numbers as an old version tells them',
        200,
        slurm({ job_state: ['FAILED'], start_time: START_S, end_time: END_S }),
        ['failed', null, null],
      ],
      [
        'in a state that nobody mapped',
        200,
        slurm({ job_state: ['REVOKED'], start_time: number(START_S), end_time: number(END_S) }),
        ['unknown', null, null],
      ],
      [
        'forgotten',
        200,
        { jobs: [], errors: [{ error: 'Invalid job id specified', error_number: 2017 }] },
        ['gone', null, null],
      ],
      [
        'forgotten, by an older version',
        500,
        { errors: [{ description: 'Failure to query job', error_number: 2017 }] },
        ['gone', null, null],
      ],
      [
        'of a controller that is down',
        500,
        { errors: [{ error: 'Unable to contact slurm controller', error_number: 1800 }] },
        ['unknown', null, null],
      ],
      ['of a list that is empty for no reason', 200, { jobs: [], errors: [] }, ['unknown', null, null]],
    ],
  },

  'a workflow of Argo': {
    id: 'train-7',
    settings: {
      url: 'https://argo.example/api/v1/workflows/ml/{id}',
      // A workflow that is suspended says Running; a `false` before || is passed over.
      state: "(spec.suspend && 'Suspended') || status.phase",
      absent: 'queued',
      statuses: {
        Pending: 'queued',
        Running: 'running',
        Suspended: 'suspended',
        Succeeded: 'completed',
        Failed: 'failed',
        Error: 'failed',
      },
      startedAt: 'status.startedAt',
      endedAt: 'status.finishedAt',
      error: 'status.message',
    },
    cases: [
      [
        'that no controller has seen',
        200,
        { metadata: { name: 'train-7' }, spec: {} },
        ['queued', null, null],
      ],
      [
        'running',
        200,
        { spec: {}, status: { phase: 'Running', startedAt: '2026-03-09T10:00:00Z', finishedAt: null } },
        ['running', START, null],
      ],
      [
        'suspended',
        200,
        { spec: { suspend: true }, status: { phase: 'Running', startedAt: '2026-03-09T10:00:00Z' } },
        ['suspended', START, null],
      ],
      [
        'that failed',
        200,
        { spec: {}, status: { phase: 'Failed', startedAt: START, finishedAt: END, message: 'exit 1' } },
        ['failed', START, END],
      ],
      [
        'that is not there',
        404,
        { code: 5, message: 'workflows.argoproj.io "train-7" not found' },
        ['gone', null, null],
      ],
      [
        'of a server without such an API',
        404,
        { code: 5, message: 'Not Found', details: [] },
        ['unknown', null, null],
      ],
    ],
  },

  'a job of Ray': {
    id: 'raysubmit_4LamXRuQpYdSMg7J',
    settings: {
      url: 'https://ray.example/api/jobs/{id}',
      state: 'status',
      statuses: {
        PENDING: 'queued',
        RUNNING: 'running',
        STOPPED: 'cancelled',
        SUCCEEDED: 'completed',
        FAILED: 'failed',
      },
      startedAt: { path: 'start_time', type: 'millis' },
      endedAt: { path: 'end_time', type: 'millis' },
      error: 'message',
      // It answers with a sentence that is no JSON.
      gone: { path: "contains(@, 'does not exist')", is: true },
    },
    cases: [
      [
        'running',
        200,
        { type: 'SUBMISSION', status: 'RUNNING', start_time: START_MS, end_time: 0 },
        ['running', START, null],
      ],
      [
        'that succeeded',
        200,
        { type: 'SUBMISSION', status: 'SUCCEEDED', start_time: START_MS, end_time: END_MS },
        ['completed', START, END],
      ],
      [
        'that succeeded, at a time of another type',
        200,
        { status: 'SUCCEEDED', start_time: START_MS, end_time: START },
        ['unknown', null, null],
      ],
      ['that is not there', 404, 'Job raysubmit_4LamXRuQpYdSMg7J does not exist', ['gone', null, null]],
      ['of no dashboard', 404, '404: Not Found', ['unknown', null, null]],
    ],
  },
};

testSystems(SYSTEMS);
