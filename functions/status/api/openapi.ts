import { z } from 'zod';
import { daySchema } from '../../shared/model/day/day.ts';
import { jobHealthSchema } from '../../shared/model/job/sweep.ts';
import { answerSchema } from '../../shared/model/report/answer.ts';
import { channelSchema } from '../../shared/model/report/channel.ts';
import { requestSchema } from '../../shared/model/report/report.ts';
import { storedReportSchema } from '../../shared/model/report/stored.ts';
import { alarmSchema } from '../../shared/model/run/alarm.ts';
import { healthSchema } from '../../shared/model/run/health.ts';
import { runSchema } from '../../shared/model/run/run.ts';
import { endSchema } from '../../shared/model/workload/end.ts';
import { refreshSchema } from '../../shared/model/workload/refresh.ts';
import { snapshotSchema } from '../../shared/model/workload/snapshot.ts';
import { ENDPOINT_NAMES, ENDPOINTS, type EndpointName, REFRESH } from './endpoints.ts';
import { envelopeOf, faultSchema } from './envelope.ts';
import { jobAnswerSchema } from './job-schemas.ts';

/** The published schemas and the document of the API, made from the schemas that answers are parsed by. */

/** Our records as Firestore holds them, by their names; a job as viewers see it; and the answer of each endpoint. */
export const SCHEMAS: Record<string, z.ZodType> = {
  task: healthSchema,
  run: runSchema,
  alarm: alarmSchema,
  day: daySchema,
  'job-health': jobHealthSchema,
  'workload-table': snapshotSchema,
  'workload-refresh': refreshSchema,
  'workload-end': endSchema,
  job: jobAnswerSchema,
  'report-answer': answerSchema,
  'report-channel': channelSchema,
  fault: faultSchema,
  ...Object.fromEntries(ENDPOINT_NAMES.map((name) => [`answer-${name}`, envelopeOf(ENDPOINTS[name].data)])),
  'answer-workloads-refresh': envelopeOf(REFRESH.data),
};

/** As they are written, where what is left out has its default: what others send, and what is stored of it. */
export const INPUT_SCHEMAS: Record<string, z.ZodType> = {
  'report-request': requestSchema,
  'report-stored': storedReportSchema,
};

/** `schema` as JSON Schema, an instant as RFC 3339 text. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): Record<string, unknown> {
  const { '~standard': _, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date')
        Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
    },
  });
  return json;
}

/** The document of the API, OpenAPI 3.1. */
export function openApi(): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Nightshift status',
      version: '1',
      description:
        'How everything stands, and what is true beside what is recorded. Only reads, but for a refresh.',
    },
    // Seen from this document, which is below /api/.
    servers: [{ url: '..' }],
    paths: Object.fromEntries([
      ...ENDPOINT_NAMES.flatMap((name) => {
        const { path, aliases } = ENDPOINTS[name];
        return [path, ...aliases].map((each) => [
          each,
          { get: operationOf(name, each, each === path ? name : null) },
        ]);
      }),
      [REFRESH.path, { post: refreshOperation() }],
    ]),
  };
}

function refreshOperation(): object {
  return {
    operationId: 'refreshWorkloads',
    summary: REFRESH.summary,
    parameters: [],
    requestBody: { required: false, content: { 'application/json': { schema: { type: 'object' } } } },
    responses: {
      200: {
        description: 'what was done: refreshed, or another refresh is under way or was just made',
        content: { 'application/json': { schema: embedded(envelopeOf(REFRESH.data)) } },
      },
      ...faults({
        400: 'what was asked for cannot be',
        403: 'the page of another site asked',
        408: 'it broke off',
        413: 'it is too large',
        415: 'it was not sent as application/json, or packed',
        503: 'nobody refreshes for viewers, or that failed',
      }),
    },
  };
}

function faults(byStatus: Readonly<Record<number, string>>): object {
  const content = { 'application/json': { schema: embedded(faultSchema) } };
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, description]) => [status, { description, content }]),
  );
}

/** A schema inside of the document, which says itself what its schemas are written in. */
function embedded(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...json } = jsonSchemaOf(schema);
  return json;
}

/** One endpoint at one of its paths; an alias has no id of its own. */
function operationOf(name: EndpointName, path: string, operationId: string | null): object {
  const { summary, data, query, path: own } = ENDPOINTS[name];
  const { properties = {} } = jsonSchemaOf(query, 'input') as { properties?: Record<string, object> };
  const segments = [...path.matchAll(/\{(\w+)\}/g)].map(([, segment = '']) => segment);
  return {
    ...(operationId ? { operationId } : {}),
    summary: operationId ? summary : `the same as ${own}`,
    parameters: [
      ...segments.map((segment) => ({
        name: segment,
        in: 'path',
        required: true,
        schema: { type: 'string' },
      })),
      ...Object.entries(properties).map(([key, schema]) => ({
        name: key,
        in: 'query',
        required: false,
        schema,
      })),
    ],
    responses: {
      200: {
        description: 'the answer; X-As-Of says when it was really read',
        content: { 'application/json': { schema: embedded(envelopeOf(data)) } },
      },
      304: { description: 'nothing has changed' },
      ...faults({
        400: 'what was asked for cannot be',
        404: 'there is no such thing',
        503: 'the records cannot be read',
      }),
    },
  };
}
