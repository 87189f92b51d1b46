import type { Answering, Reply } from '../google/answer.ts';
import { bucketMethods } from './bucket-methods.ts';
import { copyMethods } from './copy.ts';
import type { GcsAsked } from './faults.ts';
import { pageNumber } from './listing.ts';
import type { Call, Method } from './method.ts';
import { objectMethods } from './object-methods.ts';
import { denied, storageProblem } from './problem.ts';
import { uploadMethods } from './upload.ts';

const METHODS: readonly Method[] = [...bucketMethods, ...objectMethods, ...uploadMethods, ...copyMethods];

/** A request as it came, alone or in a batch. */
export interface Request extends Pick<Call, 'headers' | 'body'> {
  verb: string;
  /** Path and query. */
  target: string;
}

/** What a request asks for, and how it would be answered. */
export interface Understood extends Answering {
  asked: GcsAsked;
  reply(): Reply;
}

/** A path that no method has, or a page that there never was, is refused only when it is answered. */
export function understand(
  { verb, target, headers, body }: Request,
  server: Pick<Call, 'world' | 'origin' | 'uploads' | 'pageSize'>,
  call: number | null,
): Understood {
  // Not by URL, which takes "." and ".." for steps.
  const [path = '', search] = target.split('?', 2);
  const query = new URLSearchParams(search);
  const { method, names } = methodOf(verb, path);
  return {
    asked: {
      method: method.name,
      bucket: names.bucket,
      object: names.object || (query.get('name') ?? ''),
      page: pageNumber(query.get('pageToken')),
      call,
      query,
    },
    reply: () => method.perform({ ...server, names, query, headers, body }),
    denied: (permission = method.permission) =>
      denied(permission, names.object ? 'Storage object' : names.bucket ? 'Storage bucket' : 'project'),
    problem: storageProblem,
  };
}

const NO_NAMES: Call['names'] = { bucket: '', object: '', toBucket: '', toObject: '' };

function unknown(verb: string, path: string): Method {
  return {
    name: 'unknown',
    verb,
    path: /^/,
    permission: '',
    perform() {
      throw storageProblem(404, `This stand-in has no method for ${verb} ${path}`);
    },
  };
}

function methodOf(verb: string, path: string): { method: Method; names: Call['names'] } {
  for (const method of METHODS) {
    const match = method.verb === verb ? method.path.exec(path) : null;
    if (!match) continue;
    const groups = Object.entries(match.groups ?? {});
    const names = groups.map(([group, name]) => [group, decodeURIComponent(name)]);
    return { method, names: { ...NO_NAMES, ...Object.fromEntries(names) } };
  }
  return { method: unknown(verb, path), names: NO_NAMES };
}
