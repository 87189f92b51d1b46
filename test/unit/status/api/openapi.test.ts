import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  ENDPOINT_NAMES,
  ENDPOINTS,
  endpointOf,
  REFRESH,
} from '../../../../functions/status/api/endpoints.ts';
import { INPUT_SCHEMAS, jsonSchemaOf, openApi, SCHEMAS } from '../../../../functions/status/api/openapi.ts';

interface Operation {
  operationId?: string;
  parameters: { name: string; in: string }[];
  responses: Record<string, { content?: Record<string, { schema: { properties: object } }> }>;
}

describe('the document of the API', () => {
  const { paths } = openApi() as { paths: Record<string, { get?: Operation; post?: Operation }> };

  test('names every endpoint and alias, with its parameters and the envelope', () => {
    const all = ENDPOINT_NAMES.flatMap((name) => [ENDPOINTS[name].path, ...ENDPOINTS[name].aliases]);
    assert.deepEqual(Object.keys(paths), [...all, REFRESH.path]);
    assert.deepEqual(Object.keys(paths[REFRESH.path] ?? {}), ['post']);
    assert.deepEqual(
      paths['/api/tasks/{task}/runs']?.get?.parameters.map(({ name, in: where }) => `${where} ${name}`),
      ['path task', 'query outcome', 'query trigger', 'query since', 'query after', 'query limit'],
    );
    for (const { get, post } of Object.values(paths))
      assert.deepEqual(
        Object.keys((get ?? post)?.responses[200]?.content?.['application/json']?.schema.properties ?? {}),
        ['data', 'page', 'asOf', 'problems'],
      );
  });

  test('every path of it leads to its endpoint', () => {
    for (const name of ENDPOINT_NAMES)
      for (const path of [ENDPOINTS[name].path, ...ENDPOINTS[name].aliases]) {
        const asked = path.replace(/\{\w+\}/g, 'a%2Fb');
        assert.equal(endpointOf(asked)?.name, name, path);
        assert.equal(endpointOf(`${asked}/`)?.name, name, `${path}/`);
      }
    assert.deepEqual(endpointOf('/api/jobs/etl/a%2Fb')?.segments, { source: 'etl', id: 'a/b' });
    for (const path of ['/', '/api', '/api/jobs/etl', '/api/jobs//x', '/api/runs/%E0%A4%A', '/api/status/x'])
      assert.equal(endpointOf(path), undefined, path);
  });

  test('each of our records has a schema by its name, and each endpoint one of its answer', () =>
    assert.deepEqual(
      ['task', 'run', 'alarm', 'day', 'job-health', ...ENDPOINT_NAMES.map((name) => `answer-${name}`)].filter(
        (name) => !Object.hasOwn(SCHEMAS, name),
      ),
      [],
    ));

  test('every published schema is JSON Schema, an instant RFC 3339 text', () => {
    for (const [name, schema] of Object.entries(SCHEMAS)) {
      const json = JSON.stringify(jsonSchemaOf(schema));
      assert.match(json, /"type":"object"/, name);
      if (name !== 'fault') assert.match(json, /"format":"date-time"/, name);
    }
  });

  test('what reporters send is published as they write it', () => {
    const request = INPUT_SCHEMAS['report-request'] ?? assert.fail();
    const { properties } = jsonSchemaOf(request, 'input') as {
      properties: { reports: { items: { required: string[] } } };
    };
    assert.deepEqual(properties.reports.items.required, ['job']);
  });
});
