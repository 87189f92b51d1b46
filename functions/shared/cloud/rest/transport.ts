export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** One GET, or one POST where there is something to post, authorised by its headers. */
export interface ApiRequest {
  path: string;
  query: Query;
  headers: Headers;
  post?: Posted | undefined;
  /** Called once an answer has begun. */
  onHead?: (() => void) | undefined;
}

/** The body of a POST. */
export interface Posted {
  contentType: string;
  text: string;
}

/** An answer of any status, read to its end. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
}

/**
 * Opens what sends requests to the API at `baseUrl`. It sends each once, and rejects where no whole answer comes; with a
 * SyntaxError where an answer came that is no JSON and could not be kept. `stop` aborts once no caller waits any more.
 */
export type Transport = (baseUrl: string) => (request: ApiRequest, stop: AbortSignal) => Promise<Answer>;

/** Sends by Node's own fetch, which keeps connections open for the next request. */
export const overFetch: Transport =
  (baseUrl) =>
  async ({ path, query, headers, post, onHead }, stop) => {
    const url = new URL(baseUrl.replace(/\/$/, '') + path);
    for (const [name, value] of Object.entries(query))
      for (const each of Array.isArray(value) ? value : [value])
        if (each !== undefined) url.searchParams.append(name, String(each));
    // Google's APIs never redirect: following one could only carry the token elsewhere.
    const answer = await fetch(url, {
      headers: post ? [...headers, ['content-type', post.contentType]] : headers,
      ...(post && { method: 'POST', body: post.text }),
      redirect: 'manual',
      signal: stop,
    });
    onHead?.();
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };
