import { z } from 'zod';

const pointSchema = z
  .object({
    interval: z.object({ endTime: z.iso.datetime({ offset: true }) }),
    // 64-bit integers travel as text.
    value: z.object({
      int64Value: z
        .string()
        .regex(/^-?\d+$/, { error: 'a whole number as text' })
        .optional(),
      doubleValue: z.number().optional(),
    }),
  })
  .transform((point, context) => {
    const { int64Value, doubleValue } = point.value;
    const value = int64Value === undefined ? doubleValue : Number(int64Value);
    if (value === undefined)
      context.addIssue({
        code: 'custom',
        path: ['value'],
        message: 'Neither an int64Value nor a doubleValue',
        params: { expected: 'a number' },
      });
    return { value: value ?? 0, at: new Date(point.interval.endTime) };
  });

const labels = z.record(z.string(), z.string()).default({});

/** One page of a list of time series. */
export const timeSeriesPage = z.object({
  timeSeries: z
    .array(
      z.object({
        metric: z.object({ labels }),
        resource: z.object({ type: z.string(), labels }),
        points: z.array(pointSchema).default([]),
      }),
    )
    .default([]),
  nextPageToken: z.string().optional(),
  executionErrors: z.array(z.object({ message: z.string().default('') })).default([]),
  unreachable: z.array(z.string()).default([]),
});

/** A value and the end of its interval. */
export type Point = z.infer<typeof pointSchema>;
export type TimeSeriesPage = z.infer<typeof timeSeriesPage>;
