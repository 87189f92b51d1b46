import { fieldsOf } from '../../../shared/objects.ts';
import { invalid } from '../google/problem.ts';

type Fields = Record<string, unknown>;

const FIELDS = ['description', 'schedule', 'timeZone', 'attemptDeadline', 'retryConfig', 'httpTarget'];

/**
 * `stored` with the fields that `mask` names as `given` has them; with all that is given when there is no mask. A field
 * that is named but not given is cleared. Throws a GoogleProblem for a field that no caller may set.
 */
export function updated(stored: object, given: Fields, mask: string | null): Fields {
  const paths = mask ? mask.split(',').map(camel) : Object.keys(given).filter((key) => FIELDS.includes(key));
  const result: Fields = structuredClone({ ...stored });
  for (const path of paths) {
    if (!FIELDS.includes(path.split('.')[0] ?? '')) throw invalid(`Invalid mask for Job: ${path}`);
    set(result, given, path.split('.'));
  }
  return result;
}

function set(into: Fields, from: Fields, [key = '', ...rest]: string[]): void {
  if (rest.length === 0) {
    if (from[key] === undefined) delete into[key];
    else into[key] = from[key];
    return;
  }
  const inner = { ...fieldsOf(into[key]) };
  set(inner, fieldsOf(from[key]), rest);
  into[key] = inner;
}

/** gcloud names fields as JSON does, other clients as the proto does. */
function camel(path: string): string {
  return path.trim().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
