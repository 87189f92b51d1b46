import type { ServedApi } from './method.ts';

/** What goes wrong with an answer. */
export type Fault =
  /** It comes late, and whatever other fault applies comes after that. */
  | { kind: 'latency'; ms: number }
  /** It never comes. */
  | { kind: 'hang' }
  /** A refusal; `more` are further parts of Google's error body, such as its reasons. */
  | { kind: 'status'; status: number; retryAfter?: string; message?: string; more?: object }
  /** 403 with Google's body; the permission is the method's own unless named. */
  | { kind: 'denied'; permission?: string }
  /** The connection is closed in the middle of the body. */
  | { kind: 'truncated' }
  /** The middle of the body is all that ever comes; the connection stays. */
  | { kind: 'stalled' }
  /** It begins, and then comes byte by byte for ever: spaces, which JSON may have between its parts. */
  | { kind: 'dribble'; everyMs: number }
  /** The connection is closed before a byte of it. */
  | { kind: 'reset' }
  /** A body that is no JSON, whole and with status 200, or as a proxy on the way would send with another one. */
  | { kind: 'malformed'; text?: string; status?: number }
  /** A body of another form, or with another content: whatever `change` makes of the good one. */
  | { kind: 'changed'; change: (body: Record<string, unknown>) => void };

/** Which answers a fault is for: a stand-in adds what it can tell them apart by. */
export interface AnyRule {
  fault: Fault;
  /** How many answers it spoils before it is over; for ever unless given. */
  times?: number;
}

/** Which answers a fault is for: those that agree in everything that is named. */
export interface FaultRule extends AnyRule {
  api?: ServedApi;
  /** The vendor's name, such as `timeSeries.list`. */
  method?: string;
  /** The region in the path, `-` where all are asked for. */
  region?: string;
  /** Counted from 1. */
  page?: number;
  /** Something that the query holds, such as the name of a metric. */
  query?: string;
}

/** What is known of a request before it is answered. */
export interface Asked {
  api: ServedApi;
  method: string;
  region: string | null;
  page: number;
  query: URLSearchParams;
}

export function applies({ api, method, region, page, query }: FaultRule, asked: Asked): boolean {
  return (
    (api === undefined || api === asked.api) &&
    (method === undefined || method === asked.method) &&
    (region === undefined || region === asked.region) &&
    (page === undefined || page === asked.page) &&
    (query === undefined || [...asked.query.values()].some((value) => value.includes(query)))
  );
}
