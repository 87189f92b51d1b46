import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StackProblem } from '../../shared/problem.ts';
import { freePort } from '../../shared/processes.ts';

const HOST = '127.0.0.1';
const RESTART_WAIT_MS = 10_000;

/** The one door to all functions. */
export interface Gateway {
  url: string;
  stop(): Promise<void>;
}

/** What the gateway serves: the names of tasks and services, and where the function of each listens now. */
export interface Routes {
  tasks: string[];
  services: string[];
  portOf(name: string, waitMs: number): Promise<number | undefined>;
}

/**
 * Listens on 127.0.0.1:`port` (0 for a free one) and passes `/<name>/...` on to the function of that name as `/...`, streaming
 * both ways and with no time limit of its own: a run may take minutes. Throws the command to run when the port is in use.
 */
export async function openGateway(port: number, routes: Routes): Promise<Gateway> {
  // A handler's rejection would end the stack; the client is told instead.
  const server = createServer({ requestTimeout: 0 }, (req, res) => {
    handle(req, res, routes).catch((error) => answer(res, 500, { error: String(error) }));
  });
  try {
    const listening = once(server, 'listening');
    server.listen(port, HOST);
    await listening;
  } catch (error) {
    throw await cannotListen(port, error);
  }
  const address = server.address();
  return {
    url: `http://${HOST}:${typeof address === 'object' && address ? address.port : port}`,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function handle(
  req: IncomingMessage,
  res: ServerResponse,
  { tasks, services, portOf }: Routes,
): Promise<void> {
  const [, name = '', rest = ''] = /^\/([^/?]*)(.*)$/.exec(req.url ?? '') ?? [];
  if (name === '') {
    if (req.method === 'GET')
      return answer(res, 200, {
        tasks: tasks.map((task) => `/${task}`),
        services: services.map(servicePath),
      });
    return answer(
      res,
      405,
      { error: `Cannot ${req.method} /: POST to one of ${paths(tasks)}` },
      { allow: 'GET' },
    );
  }
  const isService = services.includes(name);
  if (!isService && !tasks.includes(name)) {
    const there = [paths(tasks), ...services.map(servicePath)].join(', ');
    return answer(res, 404, { error: `No task or service "${name}": there is ${there}` });
  }
  // A page asks for its parts relative to its own address, which must end in a slash.
  if (isService && !rest.startsWith('/') && (req.method === 'GET' || req.method === 'HEAD')) {
    res.writeHead(308, { location: `${servicePath(name)}${rest}` });
    return void res.end();
  }
  const socket = await connectTo((waitMs) => portOf(name, waitMs));
  if (socket) return forward(req, res, name, socket, rest.startsWith('/') ? rest : `/${rest}`);
  answer(res, 503, {
    error: `${name} is not running: its function did not start within ${RESTART_WAIT_MS / 1000} s`,
  });
}

/** A connection to the function, made before any of the request is read: a process that has just ended costs only time. */
async function connectTo(
  portWithin: (waitMs: number) => Promise<number | undefined>,
): Promise<Socket | undefined> {
  const deadline = performance.now() + RESTART_WAIT_MS;
  for (let left = RESTART_WAIT_MS; left > 0; left = deadline - performance.now()) {
    const port = await portWithin(left);
    if (port === undefined) return undefined;
    const socket = connect(port, HOST);
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (connected) return socket;
    await sleep(50);
  }
  return undefined;
}

function forward(
  req: IncomingMessage,
  res: ServerResponse,
  name: string,
  socket: Socket,
  path: string,
): void {
  const headers: NodeJS.Dict<string | string[]> = { ...req.headers, connection: 'close' };
  // Node's server has already answered it.
  delete headers.expect;
  // Without either, Node would add an empty chunked body to a POST that has none.
  if (!headers['content-length'] && !headers['transfer-encoding'] && req.method === 'POST')
    headers['content-length'] = '0';
  const onward = request({ path, method: req.method, headers, createConnection: () => socket }, (back) => {
    const { connection: _, ...passed } = back.headers;
    res.writeHead(back.statusCode ?? 502, back.statusMessage, passed);
    back.pipe(res);
    back.on('error', () => res.destroy());
  });
  onward.on('error', () => {
    // Headers already sent leave no better sign than a broken answer.
    if (res.headersSent) res.destroy();
    else answer(res, 502, { error: `${name} ended before it had answered` });
  });
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}

function answer(
  res: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  if (res.headersSent) return void res.destroy();
  res.writeHead(status, { ...headers, 'content-type': 'application/json' });
  res.end(`${JSON.stringify(body)}\n`);
}

/** Where the gateway serves a service. */
export function servicePath(service: string): string {
  return `/${service}/`;
}

function paths(tasks: string[]): string {
  return tasks.map((task) => `/${task}`).join(', ');
}

async function cannotListen(port: number, error: unknown): Promise<unknown> {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE')
    return new StackProblem(
      `Cannot listen on ${HOST}:${port}: the port is in use. Run: PORT=${await freePort(port + 1)} npm start`,
    );
  if (code === 'EACCES')
    return new StackProblem(`Cannot listen on ${HOST}:${port}: not allowed. Run: PORT=8080 npm start`);
  return error;
}
