import type { Attributes } from './object.ts';
import { badRequest } from './problem.ts';

const TEXTS = [
  'contentType',
  'contentEncoding',
  'contentDisposition',
  'contentLanguage',
  'cacheControl',
  'customTime',
  'storageClass',
] as const;
const FLAGS = ['temporaryHold', 'eventBasedHold'] as const;

/** What `resource`, an object's as a client sends it, makes of the attributes `before`; `null` takes one away. */
export function attributesIn(resource: Record<string, unknown>, before: Attributes = {}): Attributes {
  const after: Attributes = { ...before };
  for (const name of TEXTS) {
    const value = resource[name];
    if (value === null) delete after[name];
    else if (typeof value === 'string') after[name] = value;
    else if (value !== undefined) throw badRequest(`Invalid value for ${name}`);
  }
  for (const name of FLAGS) {
    const value = resource[name];
    if (value === null) delete after[name];
    else if (typeof value === 'boolean') after[name] = value;
    else if (value !== undefined) throw badRequest(`Invalid value for ${name}`);
  }
  const { metadata } = resource;
  if (metadata === null) delete after.metadata;
  else if (typeof metadata === 'object') {
    const merged = Object.entries({ ...before.metadata, ...metadata });
    after.metadata = Object.fromEntries(
      merged.filter(([, value]) => value !== null).map(([key, value]) => [key, String(value)]),
    );
  }
  return after;
}
