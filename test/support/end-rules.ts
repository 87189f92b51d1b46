import type { EndRules } from '../../functions/shared/model/run/ending.ts';
import { runRetentionSchema } from '../../functions/shared/model/run/retention.ts';

/** What settings say about the end of a run that say nothing of its retention. */
export const END_RULES: EndRules = { failuresBeforeAlarm: 3, retention: runRetentionSchema.parse({}) };
