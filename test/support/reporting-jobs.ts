import type { TestContext } from 'node:test';
import type { ReportResult } from '../../functions/shared/model/report/answer.ts';
import { reporter } from './reporter.ts';
import { beating, type Sweeper, sweeper } from './sweeper.ts';

/** Jobs that report to the service and are swept, over one database and by one clock. */
export interface ReportingJobs {
  world: Sweeper;
  /** Sends reports at the instant of the world. */
  send(...reports: object[]): Promise<ReportResult[]>;
  /** What stands in the record of a job, times as Dates. */
  record(path: string): Promise<RecordedJob>;
}

/** A record as tests of reports look at it. */
export interface RecordedJob {
  status: string;
  startedAt: Date | null;
  endedAt: Date | null;
  heartbeatAt: Date | null;
  error: string | null;
  report: Record<string, unknown>;
  evidence: { rule?: string };
  endInferred: boolean | null;
}

export async function reportingJobs(t: TestContext, over: object = {}): Promise<ReportingJobs> {
  const source = beating({ reports: { create: true }, ...over });
  const world = sweeper(t, { sources: { jobs: source } });
  const service = reporter(t, { db: world.db, source });
  await world.settle();
  return {
    world,
    async send(...reports) {
      service.clock.now = world.now();
      return service.send(reports);
    },
    async record(path) {
      const found = await service.document(path.includes('/') ? path : `jobs/${path}`);
      const { status, startedAt = null, endedAt = null, heartbeatAt = null, error = null } = found ?? {};
      const {
        report = {},
        evidence = {},
        endInferred = null,
      } = (found?.nightshift ?? {}) as object & {
        [key: string]: unknown;
      };
      return {
        status,
        startedAt,
        endedAt,
        heartbeatAt,
        error,
        report,
        evidence,
        endInferred,
      } as RecordedJob;
    },
  };
}
