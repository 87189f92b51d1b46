import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Report } from '../../scripts/report/outbox/report.ts';

/** A service that takes reports, writes down every request, and fails as it is told. */

export interface Recorded {
  authorization: string | undefined;
  jobToken: string | undefined;
  source: string;
  boot: { id: string; ms: number };
  sentAt: string;
  reports: Report[];
}

/** What it does with a request: answers with a status, or fails in a way of the network. */
export type Behaviour =
  | 'ok'
  | 'hang'
  | 'reset'
  | 'half'
  | { status: number; headers?: Record<string, string>; body?: object }
  /** Understands it: a result for each report, and more in the envelope. */
  | { result: (report: Report) => string; more?: object };

export interface ReportServer {
  url: string;
  requests: Recorded[];
  /** Every report of every request, in the order of their coming. */
  reports(): Report[];
  /** Behaves so from now on. */
  behave(how: Behaviour | ((request: Recorded) => Behaviour)): void;
  /** Resolves with the first report, of the past or to come, that `is` true of. */
  seen(is: (report: Report) => boolean): Promise<Report>;
  close(): void;
}

/** A service on a port of its own. */
export async function startReportServer(): Promise<ReportServer> {
  const requests: Recorded[] = [];
  let waiting: { is: (report: Report) => boolean; resolve: (report: Report) => void }[] = [];
  let behaviour: (request: Recorded) => Behaviour = () => 'ok';
  const server = createServer(async (request, response) => {
    const recorded = await recordedOf(request);
    if (!recorded) return;
    requests.push(recorded);
    act(behaviour(recorded), recorded, response);
    for (const report of recorded.reports) {
      for (const { is, resolve } of waiting) if (is(report)) resolve(report);
      waiting = waiting.filter(({ is }) => !is(report));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reports = () => requests.flatMap((request) => request.reports);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/report`,
    requests,
    reports,
    behave(how) {
      behaviour = typeof how === 'function' ? how : () => how;
    },
    seen(is) {
      const past = reports().find(is);
      return past ? Promise.resolve(past) : new Promise((resolve) => waiting.push({ is, resolve }));
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What a request says; nothing where its client died before the body was whole. */
async function recordedOf(request: IncomingMessage): Promise<Recorded | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return undefined;
    throw error;
  }
  const { source, boot, sentAt, reports } = JSON.parse(Buffer.concat(chunks).toString());
  const { authorization, 'nightshift-job-token': jobToken } = request.headers;
  return { authorization, jobToken: jobToken as string | undefined, source, boot, sentAt, reports };
}

function act(how: Behaviour, { reports }: Recorded, response: ServerResponse): void {
  if (how === 'hang') return;
  if (how === 'reset') return void response.destroy();
  if (how === 'half') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1_000 });
    response.write('{"results":[', () => response.destroy());
    return;
  }
  if (how !== 'ok' && 'status' in how) {
    response.writeHead(how.status, how.headers ?? {}).end(JSON.stringify(how.body ?? {}));
    return;
  }
  const { result, more = {} } = how === 'ok' ? { result: () => 'applied' } : how;
  const results = reports.map((report) => {
    const { job, execution, seq } = report;
    const word = result(report);
    return { job, execution, seq, result: word, ...(word === 'rejected' && { problems: ['not allowed'] }) };
  });
  const body = {
    receivedAt: new Date().toISOString(),
    results,
    heartbeatSeconds: 60,
    stop: [],
    problems: [],
  };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...body, ...more }));
}

/** The metadata server of a machine: gives tokens, and says whether it is being taken away. */
export async function startMetadata(): Promise<{
  host: string;
  asked: string[];
  preempted(is: boolean): void;
  close(): void;
}> {
  const asked: string[] = [];
  let isPreempted = false;
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.headers['metadata-flavor'] !== 'Google') return void response.writeHead(403).end();
    if (request.url?.endsWith('/instance/preempted'))
      return void response.end(isPreempted ? 'TRUE' : 'FALSE');
    const seconds = Math.floor(Date.now() / 1_000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    response.end(`${part({})}.${part({ iat: seconds, exp: seconds + 3_600 })}.${asked.length}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    preempted(is) {
      isPreempted = is;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
