import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Catalog, loadCatalog, loadServices } from '../../functions/shared/catalog.ts';
import { readEnvironment } from '../../functions/shared/environment.ts';
import { loadSettings } from '../../functions/shared/settings.ts';
import { logFolder, ROOT } from '../shared/places.ts';
import { aborted } from '../shared/stopping.ts';
import { quiet, type Tell } from '../shared/tell.ts';
import { openEmulator } from './emulator/emulator.ts';
import { type LivingSample, livingSample } from './sample/living.ts';
import { emptyPlatform, samplePlatform } from './sample/platform.ts';
import { withSample } from './sample/settings.ts';
import { functionSources, functionSpecs, servedOf } from './serving/function-specs.ts';
import { type RunningFunction, startFunctions } from './serving/functions.ts';
import { openGateway, servicePath } from './serving/gateway.ts';
import { overStandIns } from './stack-settings.ts';
import { type StackClock, stackClock } from './stand-ins/clock.ts';
import { LOCATION, schedulerJobs } from './stand-ins/scheduler/catalog-jobs.ts';
import { type Scheduler, startScheduler } from './stand-ins/scheduler/server.ts';
import { startStandIns } from './stand-ins.ts';
import { removeStack, writeStack, writeWhole } from './state.ts';

/** How a stack shall be; left out: a quiet one for a test or a bench, on a free port, with no records. */
export interface UpOptions {
  /** The gateway's port; 0 for a free one. */
  port?: number;
  /** Writes the sample world, with a platform around it; settings other than the built-in ones say themselves what of it is asked. */
  sample?: boolean;
  /** Leaves the state file by which `ops` finds this stack. */
  announced?: boolean;
  /** Whom to tell. */
  tell?: Tell;
  project?: string;
  /** Set over this process's environment, such as NIGHTSHIFT_SETTINGS. */
  env?: NodeJS.ProcessEnv;
  /** Where each function is, as `<folder>/<name>`; `dist` serves what would be deployed. */
  folder?: string;
  /** Gives up and cleans up when aborted. */
  signal?: AbortSignal;
}

/** A running stack. */
export interface Stack {
  gatewayUrl: string;
  /** `host:port`, as FIRESTORE_EMULATOR_HOST wants it. */
  emulatorHost: string;
  project: string;
  catalog: Catalog;
  /** Has the job of every task; its slots are delivered once it is told to. */
  scheduler: Scheduler;
  /** The time of scheduler and functions. */
  clock: StackClock;
  /** The sample world, where there is one: it stands still unless it is let live on. */
  sample: LivingSample | null;
  /** Whether jobs of the source `jobs` can report, and be asked about. */
  takesReports: boolean;
  /** Path of the settings that its functions run with. */
  settings: string;
  /** The folder of the logs: one file per function, and the emulator's. */
  logs: string;
  /** Rejects when the stack cannot go on: its emulator has ended. */
  broken: Promise<never>;
  /** Ends all that was started, and only that; resolves when it is gone. */
  stop(): Promise<void>;
}

/** Starts gateway, emulator, functions and sample world. Whatever goes wrong, nothing that was started is left. */
export async function up(options: UpOptions = {}): Promise<Stack> {
  const { tell = quiet, signal = new AbortController().signal } = options;
  const env = {
    ...process.env,
    ...options.env,
    ...(options.project && { GOOGLE_CLOUD_PROJECT: options.project }),
  };
  const environment = readEnvironment(env);
  // Before anything is started: a slip in these is told at once.
  const catalog = loadCatalog(environment);
  const base = loadSettings(environment);
  const builtIn = environment.NIGHTSHIFT_SETTINGS === undefined;
  const settings = options.sample && builtIn ? withSample(base) : base;
  const project = environment.GOOGLE_CLOUD_PROJECT;
  const services = loadServices(environment);
  const served = servedOf(catalog, services);
  const sources = functionSources(served, resolve(ROOT, options.folder ?? 'functions'));

  const cleanUps: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (let cleanUp = cleanUps.pop(); cleanUp; cleanUp = cleanUps.pop()) await cleanUp();
  };
  try {
    // Only the stack that `ops` finds has logs to keep.
    const logs = options.announced ? logFolder(env) : temporaryFolder(cleanUps);
    // First of what is started, because the port is the likeliest to be taken.
    const running = Promise.withResolvers<Map<string, RunningFunction>>();
    const gateway = await openGateway(options.port ?? 0, {
      tasks: Object.keys(catalog),
      services: Object.keys(services),
      // A page that is opened early waits for its function.
      portOf: async (name, waitMs) => {
        const functions = await Promise.race([running.promise, sleep(waitMs, undefined, { ref: false })]);
        return functions?.get(name)?.port(waitMs);
      },
    });
    cleanUps.push(gateway.stop);
    for (const service of Object.keys(services)) tell.step(service, `${gateway.url}${servicePath(service)}`);

    const emulator = await openEmulator({ env, tell, signal, logs });
    cleanUps.push(emulator.stop);
    tell.step('firestore', `${emulator.words} on ${emulator.host}, project ${project}`);

    const clockFile = join(logs, `clock-${process.pid}`);
    const clock = stackClock((offsetMs) => writeWhole(clockFile, String(offsetMs)));
    writeWhole(clockFile, '0');
    cleanUps.push(async () => rmSync(clockFile, { force: true }));
    const now = clock.now();
    const platform = options.sample
      ? samplePlatform({ project, database: environment.FIRESTORE_DATABASE }, now)
      : emptyPlatform(project);
    const standIns = await startStandIns(platform, clock);
    cleanUps.push(standIns.stop);
    tell.step('google', standIns.words);
    const scheduler = await startScheduler({ project, location: LOCATION, clock });
    cleanUps.push(scheduler.stop);
    await schedulerJobs(scheduler.baseUrl, project).create(catalog, gateway.url);
    tell.step(
      'scheduler',
      `stand-in of Cloud Scheduler on ${new URL(scheduler.baseUrl).host}, a job for every task`,
    );
    // Two stacks may share the folder.
    const settingsFile = join(logs, `settings-${process.pid}.json`);
    const baseUrls = { ...standIns.baseUrls, scheduler: scheduler.baseUrl };
    writeFileSync(
      settingsFile,
      `${JSON.stringify(overStandIns(settings, { ...standIns, baseUrls }), null, 2)}\n`,
    );
    cleanUps.push(async () => rmSync(settingsFile, { force: true }));

    // What runs from source finds the page where it is built to; a bundle has its own inside.
    if (Object.keys(services).length > 0 && options.folder === undefined) {
      const { writePage } = await import('../build/page/page.ts');
      await writePage();
    }
    const specs = functionSpecs(served, {
      sources,
      project,
      emulatorHost: emulator.host,
      settings: settingsFile,
      gatewayUrl: gateway.url,
      logs,
      clock,
      env: { ...env, NIGHTSHIFT_CLOCK_FILE: clockFile },
    });
    const functions = await startFunctions(specs, tell, signal);
    running.resolve(functions);
    cleanUps.push(async () => void (await Promise.all([...functions.values()].map((each) => each.stop()))));
    signal.throwIfAborted();
    tell.step('functions', `${[...functions.keys()].join(', ')}, each in its own process`);
    let sample: LivingSample | null = null;
    if (options.sample) {
      // Loaded only now: a stack without records needs no Firestore client of its own.
      const { sampleRecords } = await import('./sample/world.ts');
      const records = sampleRecords(settings, { emulatorHost: emulator.host, environment });
      cleanUps.push(records.close);
      tell.step('sample', await Promise.race([records.write(now), aborted(signal)]));
      sample = livingSample({ platform, storage: standIns.storage, records }, now);
    }
    tell.step('gateway', gateway.url);

    if (options.announced) {
      cleanUps.push(async () => removeStack(env));
      const startedAt = new Date().toISOString();
      const { NIGHTSHIFT_CATALOG: given } = environment;
      const catalogFile = given === undefined ? null : resolve(given);
      writeStack(
        {
          pid: process.pid,
          gatewayUrl: gateway.url,
          emulatorHost: emulator.host,
          project,
          settings: settingsFile,
          catalog: catalogFile,
          database: environment.FIRESTORE_DATABASE,
          region: LOCATION,
          clockFile,
          startedAt,
        },
        env,
      );
    }
    return {
      gatewayUrl: gateway.url,
      emulatorHost: emulator.host,
      project,
      catalog,
      scheduler,
      clock,
      sample,
      takesReports: 'report' in services && 'status' in services && settings.sources.jobs?.group === false,
      settings: settingsFile,
      logs,
      broken: emulator.ended,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function temporaryFolder(cleanUps: (() => Promise<void>)[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-'));
  cleanUps.push(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
