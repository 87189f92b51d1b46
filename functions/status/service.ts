import { refusal, type ServiceHandler } from '../shared/http/service.ts';
import type { healthStore } from '../shared/store/own/health.ts';

/** Answers from the records that the tasks keep: `/api/health` with the health record of each. */
export function status(health: ReturnType<typeof healthStore>): ServiceHandler {
  return async ({ path }) => {
    if (path !== '/' && path !== '/api/health')
      return refusal(404, [
        { path: '', message: `No ${path.slice(0, 100)}`, expected: 'one of /, /api/health' },
      ]);
    if (path === '/')
      return { status: 200, contentType: 'text/plain; charset=utf-8', body: 'See /api/health\n' };
    const asOf = new Date();
    const tasks = Object.fromEntries(await health.all());
    return { status: 200, contentType: 'application/json', body: `${JSON.stringify({ tasks })}\n`, asOf };
  };
}
