import { API_NAMES, type ApiName } from '../../../../functions/shared/model/google-apis.ts';
import type { GoogleProblem } from './problem.ts';
import type { PlatformWorld } from './world.ts';

/** Those that this stand-in answers for; Cloud Storage and Cloud Scheduler have stand-ins of their own. */
export type ServedApi = Exclude<ApiName, 'storage' | 'scheduler'>;
export const SERVED_APIS = API_NAMES.filter((api) => api !== 'storage' && api !== 'scheduler');

/** One method of one API, as the stand-in serves it. */
export type Method = ListMethod | GetMethod;

interface AnyMethod {
  api: ServedApi;
  /** GET, unless given. */
  verb?: 'POST';
  /** The vendor's name of it, such as `jobs.list`. */
  name: string;
  /** The path with the groups `project` and, where there are any, `region` and below it `resource`. */
  path: RegExp;
  permission: string;
  /** How this API says that a permission is missing; each does it in its own way. */
  denied(project: string, permission: string): GoogleProblem;
}

/** A method that answers with one thing. */
export interface GetMethod extends AnyMethod {
  /** Throws a GoogleProblem when there is no such thing. */
  get(world: PlatformWorld, region: string | undefined, resource: string | undefined): object;
}

/** A method that answers in pages. The body of a POST counts as its query. */
export interface ListMethod extends AnyMethod {
  /** The project, where it is in the query. */
  projectOf?(query: URLSearchParams): string;
  /** The parameters for the size of a page and for the next one. */
  sizeParameter: string;
  tokenParameter: string;
  /** All that matches the query, in the vendor's order. Throws a GoogleProblem for a query that makes no sense. */
  list(
    world: PlatformWorld,
    query: URLSearchParams,
    region: string | undefined,
    resource: string | undefined,
  ): Listing;
}

/** Everything that matches, and how a part of it becomes the body of an answer. */
export interface Listing {
  items: readonly unknown[];
  /** What a page holds when nobody asks for a size. */
  defaultSize: number;
  body(items: readonly unknown[], nextToken: string | undefined): object;
}

/** The one parameter `name`; Google refuses a second. */
export function parameter(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) ?? undefined;
}
