import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readFile, type Typed } from '../../../../support/import.ts';

/** The jobs of a file by id, as `state: field value, ...` of what is not empty; and what was said of the others. */
async function read(name: string, content: string, flags: Typed): Promise<Record<string, string>> {
  const { jobs, rejections, problem } = await readFile(name, content, flags);
  assert.equal(problem, null);
  const told = jobs.map(({ id, state, values }) => {
    const rest = Object.entries(values).filter(
      ([field, value]) => !['id', 'status'].includes(field) && value !== null,
    );
    const words = rest.map(
      ([field, value]) => `${field} ${value instanceof Date ? value.toISOString() : value}`,
    );
    return [id, `${state}: ${words.join(', ')}`] as const;
  });
  return Object.fromEntries([...told, ...rejections.map(({ line, reason }) => [`line ${line}`, reason])]);
}

describe('what the world writes its job histories as', () => {
  // https://github.com/xenon-middleware/xenon/issues/672, https://github.com/martius-lab/cluster_utils/pull/98
  test('sacct: pipes, CANCELLED by a number, Unknown ends, None assigned, arrays, local times', async () => {
    const content = [
      'JobID|State|Submit|Start|End|NodeList|AllocGRES|',
      '2653320|RUNNING|2026-01-02T07:00:00|2026-01-02T08:00:00|Unknown|node007|4|',
      '2653325_1|COMPLETED|2026-07-02T07:00:00|2026-07-02T08:00:00|2026-07-02T09:00:00|node053|2|',
      '2653343_[3-4%2]|PENDING|2026-01-02T07:00:00|Unknown|Unknown|None assigned||',
      '2653350|CANCELLED by 1003|2026-01-02T07:00:00|None|2026-01-02T07:30:00|None assigned|N/A|',
      '2653351|CANCELLED by 0|2026-01-02T07:00:00|2026-01-02T08:00:00|2026-01-02T09:00:00|node1|0|',
      '2653352|OUT_OF_MEMORY|2026-01-02T07:00:00|2026-01-02T08:00:00|2026-01-02T09:00:00|node1|0|',
      // Requeued: the first try, then the second.
      '2653360|NODE_FAIL|2026-01-02T07:00:00|2026-01-02T08:00:00|2026-01-02T09:00:00|node1|1|',
      '2653360|COMPLETED|2026-01-02T07:00:00|2026-01-02T10:00:00|2026-01-02T12:00:00|node2|1|',
      '',
    ].join('\n');
    const flags = {
      delimiter: '|',
      zone: 'Europe/Berlin',
      map: ['id=JobID,status=State,createdAt=Submit,startedAt=Start,endedAt=End,gpus=AllocGRES'],
      status: ['COMPLETED=completed,CANCELLED*=cancelled,RUNNING=running,PENDING=queued', 'NODE_FAIL=failed'],
    };
    const winter = 'createdAt 2026-01-02T06:00:00.000Z';
    assert.deepEqual(await read('jobs.csv', content, flags), {
      2653320: `running: ${winter}, startedAt 2026-01-02T07:00:00.000Z, gpus 4`,
      '2653325_1':
        'completed: createdAt 2026-07-02T05:00:00.000Z, startedAt 2026-07-02T06:00:00.000Z, endedAt 2026-07-02T07:00:00.000Z, gpus 2',
      '2653343_[3-4%2]': `queued: ${winter}`,
      2653350: `cancelled: ${winter}, endedAt 2026-01-02T06:30:00.000Z`,
      2653351: `cancelled: ${winter}, startedAt 2026-01-02T07:00:00.000Z, endedAt 2026-01-02T08:00:00.000Z, gpus 0`,
      2653360: `completed: ${winter}, startedAt 2026-01-02T09:00:00.000Z, endedAt 2026-01-02T11:00:00.000Z, gpus 1`,
      'line 7': 'status "OUT_OF_MEMORY" is not mapped: add --status OUT_OF_MEMORY=STATE',
    });
  });

  // https://github.com/pandas-dev/pandas/issues/57738 and 66615: epoch milliseconds, and a thousandth of them.
  test('pandas: epoch milliseconds, NaT, floats, 19 digits, and a unit that was lost', async () => {
    const content = [
      '{"id":1234567890123456789,"state":"ok","start":1767225600000,"end":1767225600999.0,"gpus":1.0}',
      '{"id":1234567890123456788,"state":"ok","start":1767225600000,"end":null,"gpus":null}',
      '{"id":1.2345678901234568e+18,"state":"ok","start":1767225600000,"end":null,"gpus":null}',
      '{"id":3,"state":"ok","start":1767225,"end":null,"gpus":null}',
      '{"id":"4","state":"ok","start":"NaT","end":"nan","gpus":"<NA>"}',
    ].join('\n');
    const flags = {
      time: ['millis'],
      map: ['id=id,status=state,startedAt=start,endedAt=end,gpus=gpus'],
      status: ['ok=completed'],
    };
    assert.deepEqual(await read('a.jsonl', content, flags), {
      '1234567890123456789':
        'completed: startedAt 2026-01-01T00:00:00.000Z, endedAt 2026-01-01T00:00:00.999Z, gpus 1',
      '1234567890123456788': 'completed: startedAt 2026-01-01T00:00:00.000Z',
      'line 3': 'id 1234567890123456800 is not an exact identifier: it was stored as a rounded number',
      'line 4': 'startedAt 1767225 is not a time in milliseconds since 1970, of 2000 to 2199',
      4: 'completed: ',
    });
  });

  // https://github.com/mlflow/mlflow/issues/6864 and https://github.com/mlflow/mlflow/pull/4851
  test('MLflow: runs as lines, dots in keys, times in milliseconds', async () => {
    const run = {
      info: { run_id: 'abc', status: 'FINISHED', start_time: 1767225600000, end_time: 1767229200000 },
      data: {
        tags: [
          { key: 'mlflow.runName', value: 'resnet' },
          { key: 'gpus', value: '8' },
        ],
      },
    };
    const flags = {
      time: ['millis'],
      map: [
        "id=info.run_id,status=info.status,startedAt=info.start_time,endedAt=info.end_time,model=data.tags[?key=='mlflow.runName'].value | [0]",
        "gpus=data.tags[?key=='gpus'].value | [0]",
      ],
      status: ['FINISHED=completed'],
    };
    const expected = {
      abc: 'completed: startedAt 2026-01-01T00:00:00.000Z, endedAt 2026-01-01T01:00:00.000Z, model resnet, gpus 8',
    };
    assert.deepEqual(await read('a.ndjson', JSON.stringify(run), flags), expected);
    const flat =
      '{"run_id": "abc", "status": "FINISHED", "start_time": "2026-01-01 00:00:00+00:00", "end_time": "2026-01-01 01:00:00+00", "tags.mlflow.runName": "resnet", "params.num-gpus": "8"}';
    assert.deepEqual(
      await read('a.ndjson', flat, {
        map: [
          'id=run_id,status=status,startedAt=start_time,endedAt=end_time,model=tags.mlflow.runName,gpus=params.num-gpus',
        ],
        status: ['FINISHED=completed'],
      }),
      expected,
    );
  });

  // https://github.com/dotCMS/core/issues/36508, https://github.com/ryancramerdesign/ImportPagesCSV/pull/9
  test('Excel: a byte order mark, semicolons, sep=;, decimal commas, integers rounded', async () => {
    const content = [
      '\ufeffJob ID;Status;Start;Ende;GPUs',
      '17;Fertig;2026-01-01 10:00:00;2026-01-01 11:00:00;4',
      '18;"Abgebrochen; von Hand";2026-01-01 10:00:00;;"1,5"',
      '1,23457E+18;Fertig;2026-01-01 10:00:00;;1',
      '19;Fertig;01.01.2026 10:00;;1',
      '',
    ].join('\r\n');
    const flags = {
      delimiter: ';',
      zone: '+01:00',
      map: ['id=Job ID,status=Status,startedAt=Start,endedAt=Ende,gpus=GPUs'],
      status: ['Fertig=completed,Abgebrochen; von Hand=cancelled'],
    };
    const expected = {
      17: 'completed: startedAt 2026-01-01T09:00:00.000Z, endedAt 2026-01-01T10:00:00.000Z, gpus 4',
      'line 3': 'gpus "1,5" is not a number from 0 to 1000000',
      'line 4': 'id "1,23457E+18" is not an exact identifier: it was rounded',
      'line 5': 'startedAt "01.01.2026 10:00" is not an ISO time as text',
    };
    assert.deepEqual(await read('a.csv', content, flags), expected);
    const { delimiter: _, ...rest } = flags;
    const told = content.replace('\ufeff', '\ufeffsep=;\r\n');
    const later = Object.entries(expected).map(([key, value]) => [
      key.replace(/\d$/, (line) => (key.startsWith('line') ? String(Number(line) + 1) : line)),
      value,
    ]);
    assert.deepEqual(await read('a.csv', told, rest), Object.fromEntries(later));
  });

  // https://github.com/kubernetes/kubernetes/issues/31984 and https://github.com/kubernetes/website/issues/41404
  test('Kubernetes: label keys with dots and slashes, indexes, conditions, ends that are not there yet', async () => {
    const pod = (name: string, phase: string, terminated?: object) => ({
      metadata: {
        name,
        creationTimestamp: '2026-01-01T10:00:00Z',
        labels: { 'app.kubernetes.io/name': 'resnet', 'kueue.x-k8s.io/queue-name': 'team-a' },
      },
      spec: { containers: [{ resources: { limits: { 'nvidia.com/gpu': '8' } } }] },
      status: { phase, startTime: '2026-01-01T10:00:05Z', containerStatuses: [{ state: { terminated } }] },
    });
    const content = [
      pod('a', 'Succeeded', { finishedAt: '2026-01-01T12:00:00Z', reason: 'Completed' }),
      pod('b', 'Running'),
    ]
      .map((it) => JSON.stringify(it))
      .join('\n');
    const flags = {
      map: [
        'id=metadata.name,status=status.phase,createdAt=metadata.creationTimestamp,startedAt=status.startTime',
        'endedAt=status.containerStatuses[0].state.terminated.finishedAt,model=metadata.labels."app.kubernetes.io/name"',
        'project=metadata.labels."kueue.x-k8s.io/queue-name",gpus=spec.containers[0].resources.limits."nvidia.com/gpu"',
      ],
      status: ['Succeeded=completed,Running=running'],
    };
    const shared = 'createdAt 2026-01-01T10:00:00.000Z, startedAt 2026-01-01T10:00:05.000Z';
    const rest = 'model resnet, project team-a, gpus 8';
    assert.deepEqual(await read('pods.ndjson', content, flags), {
      a: `completed: ${shared}, endedAt 2026-01-01T12:00:00.000Z, ${rest}`,
      b: `running: ${shared}, ${rest}`,
    });
    // Where no job of a file has ended yet, the column is missing in all of its rows.
    const [, running = ''] = content.split('\n');
    assert.deepEqual(await read('pods.ndjson', running, flags), { b: `running: ${shared}, ${rest}` });
  });

  // https://github.com/apache/airflow/issues/56342
  test('Airflow: ids with times in them, naive microseconds, null and empty ends, states in lower case', async () => {
    const content = [
      'run_id,state,start_date,end_date,updated_at',
      'manual__2026-01-01T19:50:37.477631+00:00,failed,2026-01-09 20:08:11.865410,2026-01-09 23:59:59.999999,2026-01-10 00:00:01',
      'scheduled__2026-01-01T00:00:00+00:00,running,2026-01-01 20:08:11.865410,,2026-01-09 20:08:58',
      'scheduled__2026-01-02T00:00:00+00:00,deferred,2026-01-01 20:08:11.865410,\\N,2026-01-09 20:08:58',
      // Written twice, the second time later.
      'x,success,2026-01-01 10:00:00,2026-01-01 11:00:00,2026-01-01 11:00:00',
      'x,failed,2026-01-01 10:00:00,2026-01-01 12:00:00,2026-01-01 12:00:00',
    ].join('\n');
    const flags = {
      zone: 'UTC',
      map: ['id=run_id,status=state,startedAt=start_date,endedAt=end_date,updatedAt=updated_at'],
      status: ['success=completed,failed=failed,running=running,deferred=suspended'],
    };
    assert.deepEqual(await read('a.csv', content, flags), {
      'manual__2026-01-01T19:50:37.477631+00:00':
        'failed: startedAt 2026-01-09T20:08:11.865Z, endedAt 2026-01-09T23:59:59.999Z, updatedAt 2026-01-10T00:00:01.000Z',
      'scheduled__2026-01-01T00:00:00+00:00':
        'running: startedAt 2026-01-01T20:08:11.865Z, updatedAt 2026-01-09T20:08:58.000Z',
      'scheduled__2026-01-02T00:00:00+00:00':
        'suspended: startedAt 2026-01-01T20:08:11.865Z, updatedAt 2026-01-09T20:08:58.000Z',
      x: 'failed: startedAt 2026-01-01T10:00:00.000Z, endedAt 2026-01-01T12:00:00.000Z, updatedAt 2026-01-01T12:00:00.000Z',
    });
  });

  test('keys that only some rows have, though they look like a difference', async () => {
    const content = '{"job-id": 1, "s": "ok"}\n{"job-id": 2, "s": "ok", "end-time": "2026-01-01T00:00:00Z"}';
    const flags = { map: ['id=job-id,status=s,endedAt=end-time'], status: ['ok=completed'] };
    assert.deepEqual(await read('a.ndjson', content, flags), {
      1: 'completed: ',
      2: 'completed: endedAt 2026-01-01T00:00:00.000Z',
    });
  });

  // https://github.com/ICRAR/ijson/issues/139
  test('Python: NaN for none, in a text of that name nothing; infinity costs its own row', async () => {
    const content = [
      '{"id": "NaN \\"Infinity\\"", "s": "ok", "g": NaN, "e": 1767225600}',
      '{"id": "b", "s": "ok", "g": -Infinity, "e": NaN}',
      '{"id": "c", "s": "ok", "g": Nan}',
    ].join('\n');
    const flags = { map: ['id=id,status=s,gpus=g,endedAt=e'], status: ['ok=completed'], time: ['seconds'] };
    const { jobs, rejections } = await readFile('a.ndjson', content, flags);
    assert.deepEqual(
      jobs.map(({ id, values }) => [id, values.gpus ?? null]),
      [['NaN "Infinity"', null]],
    );
    assert.deepEqual(
      rejections.map(({ line, reason }) => `${line}: ${reason.slice(0, 40)}`),
      ['2: gpus -Infinity is not a number from 0 to', "3: it is no JSON: Unexpected token 'N', ..."],
    );
  });
});
