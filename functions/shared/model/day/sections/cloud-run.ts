import { z } from 'zod';
import { distinct, region } from '../../forms.ts';
import { anySource, count, defineSection, MONITORING_DAYS, rowsAndParts, without } from './section.ts';

/** Classes of HTTP responses; `other` is what Monitoring gives no class. */
export const RESPONSE_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const;
export type ResponseClass = (typeof RESPONSE_CLASSES)[number];

/** Cloud Run services. */
const figures = z.strictObject({
  /** Seen only on the day after; `null` where it was not looked at then. */
  services: count.nullable(),
  /** Services that served a request on the day. */
  activeServices: count.nullable(),
  requests: count.nullable(),
  /** Only services that served a request. */
  perService: z.array(
    z.strictObject({
      service: z.string(),
      region: z.string(),
      requests: z.partialRecord(z.enum(RESPONSE_CLASSES), count),
    }),
  ),
  ...rowsAndParts,
});
export type CloudRunFigures = z.infer<typeof figures>;

export const cloudRun = defineSection({
  figures,
  settings: z.strictObject({
    ...anySource,
    /** Asked one by one, so that a region out of order costs only itself; all at once when none is named. */
    regions: distinct(region).min(1).optional(),
  }),
  reachDays: MONITORING_DAYS,
  uses: ({ regions }) => [{ api: 'run', region: regions?.[0] }],
  permissions: { run: ['run.services.list'] },
  keepSeen: (found, stored) => ({ ...found, services: stored.services ?? found.services }),
  totals: (section) => without(section, 'perService', 'more'),
});
