import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { refreshFinding } from '../../../../scripts/ops/doctor/refresh.ts';
import {
  type LiveService,
  readService,
  servedFinding,
  serviceFinding,
} from '../../../../scripts/ops/doctor/services.ts';
import { SILENT } from '../../../../scripts/ops/shared/connect.ts';

const PLACE = { name: 'status', project: 'acme-ml', region: 'europe-west4' };
const OWN = 'nightshift-status@acme-ml.iam.gserviceaccount.com';
const SERVICE = {
  uri: 'https://status-abc-ez.a.run.app',
  template: { serviceAccount: OWN },
  terminalCondition: { state: 'CONDITION_SUCCEEDED' },
};
const bindings = (...members: string[]) => ({ bindings: [{ role: 'roles/run.invoker', members }] });
const live = (service: object = {}, policy: LiveService['policy'] = bindings('group:ops@acme.com')) => ({
  service: Object.assign({}, SERVICE, service),
  policy,
});

/** Serves what `answer` gives for a path; returns where. */
async function served(t: TestContext, answer: (url: string) => [status: number, body: object]) {
  const server = createServer(({ url = '' }, response) => {
    const [status, body] = answer(url);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('ops doctor of a deployed service', () => {
  for (const [what, found, state, words, mend] of [
    [
      'fine',
      live(),
      'ok',
      /^ready at https:\/\/status-.*, as nightshift-status@.*; 1 member may call it$/,
      /^$/,
    ],
    ['closed to all', live({}, { bindings: [] }), 'ok', /nobody may call it: name whoever may/, /^$/],
    [
      'public by its policy',
      live({}, bindings('user:a@acme.com', 'allUsers')),
      'wrong',
      /^everybody may call it: allUsers has roles\/run\.invoker$/,
      /^gcloud run services remove-iam-policy-binding status --member=allUsers .* --region=europe-west4 --project=acme-ml$/,
    ],
    [
      'open to anybody with an account',
      live({}, bindings('allAuthenticatedUsers')),
      'wrong',
      /allAuthenticatedUsers/,
      /--member=allAuthenticatedUsers/,
    ],
    [
      'public without a check',
      live({ invokerIamDisabled: true }),
      'wrong',
      /it checks nobody/,
      /--invoker-iam-check/,
    ],
    [
      'not ready',
      live({ terminalCondition: { state: 'CONDITION_FAILED', message: 'no such secret' } }),
      'wrong',
      /^it is not ready: CONDITION_FAILED, no such secret$/,
      /services describe status/,
    ],
    [
      'run as another account, which may write',
      live({ template: { serviceAccount: 'compute@acme-ml.iam.gserviceaccount.com' } }),
      'wrong',
      /^it runs as compute@.*, not as nightshift-status@/,
      /terraform/,
    ],
  ] as const)
    test(`says of one that is ${what}: ${state}`, () => {
      const finding = serviceFinding(PLACE, found);
      assert.equal(finding.state, state);
      assert.match(finding.words, words);
      assert.match(finding.mend ?? '', mend);
    });

  for (const [what, env, members, state, words, mend] of [
    [
      'can be passed on',
      true,
      [`serviceAccount:${OWN}`],
      'ok',
      /^status has observe-workloads refresh/,
      /^$/,
    ],
    ['has no address', false, [`serviceAccount:${OWN}`], 'wrong', /no NIGHTSHIFT_OBSERVER_URL/, /terraform/],
    [
      'is not granted',
      true,
      ['serviceAccount:invoke@acme-ml.iam.gserviceaccount.com'],
      'wrong',
      /^status may not call observe-workloads: serviceAccount:nightshift-status@.* lacks roles\/run\.invoker/,
      /^gcloud run services add-iam-policy-binding observe-workloads --member=serviceAccount:nightshift-status@/,
    ],
  ] as const)
    test(`says of a refresh for viewers that ${what}: ${state}`, () => {
      const variables = env ? [{ name: 'NIGHTSHIFT_OBSERVER_URL', value: 'https://o.run.app' }] : [];
      const service = live({ template: { serviceAccount: OWN, containers: [{ env: variables }] } });
      const finding = refreshFinding(PLACE, service, live({}, bindings(...members)));
      assert.equal(finding.state, state);
      assert.match(finding.words, words);
      assert.match(finding.mend ?? '', mend);
    });

  test('says where reporters are named, who are no viewers', () => {
    const account = 'nightshift-report@acme-ml.iam.gserviceaccount.com';
    const found = live({ template: { serviceAccount: account } }, { bindings: [] });
    assert.match(serviceFinding({ ...PLACE, name: 'report' }, found).words, /name whoever may in reporters$/);
    const open = live({ template: { serviceAccount: account } }, bindings('allUsers'));
    assert.equal(serviceFinding({ ...PLACE, name: 'report' }, open).state, 'wrong');
  });

  test('asks the stack that serves it, and cannot tell where there is none', async (t) => {
    const asked: string[] = [];
    const gateway = await served(t, (url) => {
      asked.push(url);
      return asked.length === 1 ? [200, {}] : [502, {}];
    });
    const states = [await servedFinding('status', gateway), await servedFinding('status', gateway)];
    assert.deepEqual(
      states.map(({ state }) => state),
      ['ok', 'wrong'],
    );
    assert.deepEqual(asked, ['/status/', '/status/']);
    await assert.rejects(servedFinding('status', undefined), { name: 'CannotCheck' });
  });

  test('asks Cloud Run for the service and its policy', async (t) => {
    const asked: string[] = [];
    const baseUrl = await served(t, (url) => {
      asked.push(url);
      return [200, url.endsWith(':getIamPolicy') ? bindings('user:a@acme.com') : SERVICE];
    });
    const { service, policy } = await readService({ project: PLACE.project, baseUrl, log: SILENT }, PLACE);
    const path = '/v2/projects/acme-ml/locations/europe-west4/services/status';
    assert.deepEqual(asked.toSorted(), [path, `${path}:getIamPolicy`]);
    assert.deepEqual([service, policy], [SERVICE, bindings('user:a@acme.com')]);
  });
});
