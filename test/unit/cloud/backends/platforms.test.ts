import { END, START, type System, testSystems } from '../../../support/http-answers.ts';

/** Orchestrators and managed services as their APIs answer, and settings that read them; README shows how such settings look. */

const [START_MS, END_MS] = [Date.parse(START), Date.parse(END)];

const SYSTEMS: Record<string, System> = {
  'a DAG run of Airflow': {
    id: 'scheduled__2026-03-09T00:00:00+00:00',
    settings: {
      url: 'https://airflow.example/api/v1/dags/train/dagRuns/{id}',
      state: 'state',
      statuses: { queued: 'queued', running: 'running', success: 'completed', failed: 'failed' },
      startedAt: 'start_date',
      endedAt: 'end_date',
    },
    cases: [
      [
        'running',
        200,
        { state: 'running', start_date: '2026-03-09T10:00:00.000000+00:00', end_date: null },
        ['running', START, null],
      ],
      [
        'that succeeded',
        200,
        {
          state: 'success',
          start_date: '2026-03-09T10:00:00.000000+00:00',
          end_date: '2026-03-09T11:30:00.999999+00:00',
        },
        ['completed', START, '2026-03-09T11:30:00.999Z'],
      ],
      ['whose task waits', 200, { state: 'deferred' }, ['unknown', null, null]],
      [
        'that is not there',
        404,
        {
          detail:
            "DAGRun with DAG ID: 'train' and DagRun ID: 'scheduled__2026-03-09T00:00:00+00:00' not found",
          status: 404,
          title: 'DAGRun not found',
          type: 'https://airflow.apache.org/docs/#NotFound',
        },
        ['gone', null, null],
      ],
      [
        'of a DAG that is broken',
        404,
        { detail: "DAG with dag_id: 'train' not found", status: 404, title: 'DAG not found' },
        ['unknown', null, null],
      ],
    ],
  },

  'a task of Airflow': {
    id: 'train',
    settings: {
      state: 'state',
      absent: 'queued',
      statuses: {
        scheduled: 'queued',
        queued: 'queued',
        running: 'running',
        deferred: 'suspended',
        success: 'completed',
        failed: 'failed',
        upstream_failed: 'failed',
        removed: 'cancelled',
      },
    },
    cases: [
      ['that nobody has looked at', 200, { state: null, task_id: 'train' }, ['queued', null, null]],
      ['that waits for a trigger', 200, { state: 'deferred' }, ['suspended', null, null]],
    ],
  },

  'a flow run of Prefect': {
    id: '3c90c3cc-0d44-4b50-8888-8dd25736052a',
    settings: {
      url: 'https://prefect.example/api/flow_runs/{id}',
      state: 'state.type',
      statuses: {
        SCHEDULED: 'queued',
        PENDING: 'queued',
        RUNNING: 'running',
        PAUSED: 'suspended',
        CANCELLING: 'running',
        COMPLETED: 'completed',
        FAILED: 'failed',
        CRASHED: 'failed',
        CANCELLED: 'cancelled',
      },
      startedAt: 'start_time',
      endedAt: 'end_time',
      error: 'state.message',
      // It does not name the run.
      gone: { path: 'detail', is: ['Flow run not found'] },
    },
    cases: [
      [
        'paused',
        200,
        { state: { type: 'PAUSED' }, start_time: '2026-03-09T10:00:00Z', end_time: null },
        ['suspended', START, null],
      ],
      [
        'that crashed',
        200,
        {
          state: { type: 'CRASHED', message: 'OOM' },
          start_time: START,
          end_time: '2026-03-09 11:30:00+00:00',
        },
        ['failed', START, END],
      ],
      ['that is not there', 404, { detail: 'Flow run not found' }, ['gone', null, null]],
      ['of another API', 404, { detail: 'Not Found' }, ['unknown', null, null]],
    ],
  },

  'a run of Databricks': {
    id: '1090461481669184',
    settings: {
      url: 'https://adb.example/api/2.1/jobs/runs/get?run_id={id}',
      state: 'state.result_state || state.life_cycle_state',
      statuses: {
        QUEUED: 'queued',
        PENDING: 'queued',
        BLOCKED: 'queued',
        RUNNING: 'running',
        TERMINATING: 'running',
        SUCCESS: 'completed',
        FAILED: 'failed',
        TIMEDOUT: 'failed',
        INTERNAL_ERROR: 'failed',
        CANCELED: 'cancelled',
        SKIPPED: 'cancelled',
      },
      startedAt: { path: 'start_time', type: 'millis' },
      endedAt: { path: 'end_time', type: 'millis' },
      error: 'state.state_message',
      gone: {
        path: "error_code == 'INVALID_PARAMETER_VALUE' && contains(message, 'does not exist')",
        is: true,
      },
    },
    cases: [
      [
        'running',
        200,
        { state: { life_cycle_state: 'RUNNING', result_state: '' }, start_time: START_MS, end_time: 0 },
        ['running', START, null],
      ],
      [
        'that succeeded',
        200,
        {
          state: { life_cycle_state: 'TERMINATED', result_state: 'SUCCESS' },
          run_id: 1_090_461_481_669_184,
          start_time: START_MS,
          end_time: END_MS,
        },
        ['completed', START, END],
      ],
      [
        'that ended, nobody knows how',
        200,
        { state: { life_cycle_state: 'TERMINATED' }, start_time: START_MS, end_time: END_MS },
        ['unknown', null, null],
      ],
      [
        'that is not there',
        400,
        { error_code: 'INVALID_PARAMETER_VALUE', message: 'Run 1090461481669184 does not exist.' },
        ['gone', null, null],
      ],
      [
        'that was asked after badly',
        400,
        { error_code: 'INVALID_PARAMETER_VALUE', message: 'Missing required field: run_id' },
        ['unknown', null, null],
      ],
    ],
  },

  'a job of AWS Batch': {
    id: '1907efa4-6936-48d0-af27-c48290874365',
    settings: {
      url: 'https://batch.example/describe?jobs={id}',
      state: 'jobs[0].status',
      statuses: {
        SUBMITTED: 'queued',
        PENDING: 'queued',
        RUNNABLE: 'queued',
        STARTING: 'queued',
        RUNNING: 'running',
        SUCCEEDED: 'completed',
        FAILED: 'failed',
      },
      startedAt: { path: 'jobs[0].startedAt', type: 'millis' },
      endedAt: { path: 'jobs[0].stoppedAt', type: 'millis' },
      error: 'jobs[0].statusReason',
      gone: { path: 'length(jobs)', is: 0 },
    },
    cases: [
      ['that waits', 200, { jobs: [{ status: 'RUNNABLE', createdAt: START_MS }] }, ['queued', null, null]],
      [
        'that failed',
        200,
        {
          jobs: [
            { status: 'FAILED', startedAt: START_MS, stoppedAt: END_MS, statusReason: 'Host EC2 terminated' },
          ],
        },
        ['failed', START, END],
      ],
      ['that is not there', 200, { jobs: [] }, ['gone', null, null]],
      ['of another API', 200, { message: 'ok' }, ['unknown', null, null]],
    ],
  },

  'a build of Jenkins': {
    id: '77',
    settings: {
      url: 'https://jenkins.example/job/train/{id}/api/json',
      state: "(building && 'BUILDING') || result",
      statuses: {
        BUILDING: 'running',
        SUCCESS: 'completed',
        UNSTABLE: 'completed',
        FAILURE: 'failed',
        ABORTED: 'cancelled',
      },
      startedAt: { path: 'timestamp', type: 'millis' },
    },
    cases: [
      ['running', 200, { building: true, result: null, timestamp: START_MS }, ['running', START, null]],
      [
        'that was aborted',
        200,
        { building: false, result: 'ABORTED', timestamp: START_MS },
        ['cancelled', START, null],
      ],
      ['that is not there', 404, '<html><body>Not Found</body></html>', ['unknown', null, null]],
    ],
  },
};

testSystems(SYSTEMS);
