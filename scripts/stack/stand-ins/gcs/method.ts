import { json, type Reply } from '../google/answer.ts';
import { partialBody } from '../google/fields.ts';
import type { GcsWorld } from './world.ts';

/** A request, as its method sees it. */
export interface Call {
  world: GcsWorld;
  /** The address of the stand-in, for the links in its answers. */
  origin: string;
  /** The resumable uploads that have begun. */
  uploads: Map<string, Upload>;
  /** The most that one page of a list holds. */
  pageSize: number;
  /** Empty where the path has none; the last two where an object is copied to. */
  names: { bucket: string; object: string; toBucket: string; toObject: string };
  query: URLSearchParams;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

/** A resumable upload that has begun. */
export interface Upload {
  /** The request that began it: where to, and under which conditions. */
  readonly call: Call;
  readonly resource: Record<string, unknown>;
  readonly chunks: Buffer[];
  received: number;
  /** The answer, once it is whole. */
  done: Reply | null;
}

/** One method of the JSON API (https://docs.cloud.google.com/storage/docs/json_api/v1), as the stand-in serves it. */
export interface Method {
  /** The vendor's name of it, such as `objects.list`. */
  name: string;
  verb: string;
  /** The path with the groups of `Call.names`. */
  path: RegExp;
  permission: string;
  /** Throws a StorageProblem that refuses the call. */
  perform(call: Call): Reply;
}

/** A resource as an answer: those of its fields that were asked for. */
export function resourceReply({ query }: Pick<Call, 'query'>, resource: object): Reply {
  return json(partialBody(resource, query.get('fields')));
}

export const NO_CONTENT: Reply = { status: 204, headers: {}, body: '' };
