import fc from 'fast-check';
import { addMs, DAY_MS, HOUR_MS } from '../../functions/shared/dates.ts';
import { JOB_STATES } from '../../functions/shared/model/job/states.ts';
import { TIME_TYPES, type TimeType, writeTime } from '../../functions/shared/model/reading/reading.ts';

/** Records as no test of ours would imagine them: any JSON value in any mapped field. */

/** Where the good times of odd records lie: five days. */
export const ODD_FROM = new Date('2026-03-05T00:00:00Z');
const SPAN_MS = 5 * DAY_MS;

/** What stands for none somewhere, what is a time of another type, and what only looks like one. */
const HOSTILE_TIMES: unknown[] = [
  ...[null, '', ' ', '-', 'None', 'NULL', '\\N', 'N/A', 'nan', 'NaT', 'unknown', 0, -1, '0', 1, true, false],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, -1e308, 2n ** 62n, 0.5],
  ...[new Date(0), new Date('0001-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59Z')],
  ...[new Date('1999-12-31T23:59:59Z'), new Date('2200-01-01T00:00:00Z'), new Date('2150-06-01T00:00:00Z')],
  ...['1970-01-01T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31', '1970-01-01', '0000-00-00 00:00:00'],
  ...[
    'noon',
    'Thu, 05 Mar 2026 10:00:00 GMT',
    '20260306T100000Z',
    '2026/03/06 10:00',
    '2026-W10',
    '06.03.2026',
  ],
  ...[
    '2026-03-06 noon',
    '2026-03-45',
    '2026-13-01',
    '2026-3-6',
    '1772791200',
    '2150-01-01T00:00:00Z',
    '２０２６',
  ],
  ...['2026-03-06T10:00:00', '2026-03-06 10:00', ' 2026-03-06T10:00:00Z'],
  ...[{}, { seconds: 1_772_791_200, nanos: 0 }, { $date: '2026-03-06T10:00:00Z' }, [], ['2026-03-06']],
];

/** Any JSON value that Firestore can store: no list directly in a list, no `__name__` keys. */
export const anyJson = fc.jsonValue({ maxDepth: 2, depthSize: 'small' }).map(storable);

function storable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((inner) => (Array.isArray(inner) ? {} : storable(inner)));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '' && !/^__.*__$/.test(key))
      .map(([key, inner]) => [key, storable(inner)]),
  );
}

/** A good time as its type has it; of ISO text, in whatever form and zone. */
function goodTime(type: TimeType): fc.Arbitrary<unknown> {
  const instant = fc
    .oneof(
      fc.integer({ min: 0, max: SPAN_MS - 1 }),
      fc
        .tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom(-1, 0, 1))
        .map(([day, ms]) => day * DAY_MS + ms),
    )
    .map((ms) => addMs(ODD_FROM, ms));
  if (type !== 'iso') return instant.map((it) => writeTime(it, type));
  const shape = fc.record({
    instant,
    hours: fc.constantFrom(-12, -8, 0, 2, 14),
    separator: fc.constantFrom('T', 't', ' '),
    rest: fc.constantFrom('', '6', '6789'),
  });
  return shape.map(({ instant, hours, separator, rest }) => {
    const local = addMs(instant, hours * HOUR_MS)
      .toISOString()
      .slice(0, 23);
    const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}`;
    return `${local.replace('T', separator)}${rest}${zone}`;
  });
}

/** Any value in a field of times of that type, good ones more often than not. */
export function oddTime(type: TimeType): fc.Arbitrary<unknown> {
  const ofOtherTypes = fc.constantFrom(...TIME_TYPES).chain(goodTime);
  return fc.oneof(
    { weight: 6, arbitrary: goodTime(type) },
    { weight: 3, arbitrary: fc.constantFrom(...HOSTILE_TIMES) },
    { weight: 1, arbitrary: ofOtherTypes },
    { weight: 1, arbitrary: anyJson },
  );
}

const status = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<unknown>(...JOB_STATES, 1, true) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>('ODD', '', null, 2, false, 'constructor') },
  { weight: 1, arbitrary: anyJson },
);

const amount = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<unknown>(0, 1, 8, 0.5, '4') },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(1e308, -1, Number.NaN, Number.POSITIVE_INFINITY, 'eight', 2n ** 62n),
  },
  { weight: 1, arbitrary: anyJson },
);

/**
 * An odd record whose times are mapped as that type. Any field may be missing; who has neither end nor status says when it
 * was created, or no query in the world would find it.
 */
export function oddRecord(type: TimeType): fc.Arbitrary<Record<string, unknown>> {
  const present = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { freq: 10, nil: undefined });
  const fields: Record<string, fc.Arbitrary<unknown>> = {
    status,
    gpus: amount,
    artifactBytes: amount,
    project: fc.oneof(fc.constantFrom<unknown>('alpha', 'beta'), anyJson),
    createdAt: oddTime(type),
    startedAt: oddTime(type),
    endedAt: oddTime(type),
    updatedAt: oddTime(type),
    heartbeatAt: oddTime(type),
    nightshift: fc.oneof(fc.constant({ endInferred: true }), anyJson),
  };
  const some = fc.record(
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, present(value)])),
  );
  return fc.tuple(some, goodTime(type)).map(([record, created]) => {
    const isLost = record.endedAt === undefined || record.status === undefined;
    const all = isLost ? { ...record, createdAt: created } : record;
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  });
}

/** The mapping of odd records; its statuses are also stored as a number and a boolean. */
export function oddFields(type: TimeType, zone?: string): Record<string, unknown> {
  const mapped = (path: string) => ({ path, type, ...(type === 'iso' && zone ? { zone } : {}) });
  return {
    fields: {
      status: 'status',
      gpus: 'gpus',
      artifactBytes: 'artifactBytes',
      project: 'project',
      createdAt: mapped('createdAt'),
      startedAt: mapped('startedAt'),
      endedAt: mapped('endedAt'),
      updatedAt: mapped('updatedAt'),
      heartbeatAt: mapped('heartbeatAt'),
    },
    statuses: {
      ...Object.fromEntries(JOB_STATES.map((state) => [state, state])),
      '1': 'running',
      true: 'completed',
    },
  };
}
