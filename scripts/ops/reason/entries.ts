import { z } from 'zod';
import { entrySchema, linesIn, newestFirst } from '../../../functions/shared/cloud/workloads/log-lines.ts';

const listSchema = z.array(entrySchema);

/** The lines of `gcloud logging read --format=json`, oldest first in whatever order it lists entries; `null` for other text. */
export function linesOfList(text: string): string[] | null {
  try {
    const parsed = listSchema.safeParse(JSON.parse(text));
    return parsed.success ? linesIn(parsed.data.sort(newestFirst)) : null;
  } catch {
    return null;
  }
}
