import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { Browser } from 'playwright-core';
import type { Clock } from '../../functions/shared/clock.ts';
import { SECOND_MS } from '../../functions/shared/dates.ts';
import { type ServiceHandler, serveService } from '../../functions/shared/http/service.ts';
import { createLog } from '../../functions/shared/log.ts';
import { CHROMIUM, openBrowser } from '../shared/chromium.ts';
import { median, type Row, rounded } from './bench.ts';

/** A slow phone on a poor line. */
const CPU_SLOWER = 4;
const LINE = { offline: false, latency: 80, downloadThroughput: 200_000, uploadThroughput: 90_000 };
const LOADS = 5;
/** A load that takes longer has failed. */
const LIMIT_MS = 30_000;

/** Marks when the first task is on the page, by the clock that began with the navigation. */
const MARK = `
  new MutationObserver((_, observer) => {
    if (!document.querySelector('tbody th[scope=row]')) return;
    globalThis.firstRowMs = performance.now();
    observer.disconnect();
  }).observe(document, { subtree: true, childList: true });`;

/** How long a person waits for the first task, on a slow phone on a poor line, from a service that is warm. */
export async function firstRow(handler: ServiceHandler, clock: Clock): Promise<Row> {
  if (!CHROMIUM) return { name: 'first-row', skipped: 'no chromium: apt-get install chromium' };
  await using started = new AsyncDisposableStack();
  http('benched', serveService(handler, { log: createLog({}, () => undefined), clock, limitMs: 20_000 }));
  const server = getTestServer('benched');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  started.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const browser = await openBrowser();
  started.defer(() => browser.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const loads: Load[] = [];
  for (let load = 0; load < LOADS; load += 1) loads.push(await loadOnce(browser, url));
  const of = (figure: keyof Load) => median(loads.map((load) => load[figure]));
  return {
    name: 'first-row',
    firstRowSeconds: rounded(of('rowMs') / SECOND_MS),
    firstPaintSeconds: rounded(of('paintMs') / SECOND_MS),
    requestsBefore: of('requests'),
    bytes: of('bytes'),
  };
}

interface Load {
  rowMs: number;
  paintMs: number;
  /** Begun before the first task was there. */
  requests: number;
  /** Of all that was loaded by then, as it came over the wire. */
  bytes: number;
}

async function loadOnce(browser: Browser, url: string): Promise<Load> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', LINE);
  await devtools.send('Emulation.setCPUThrottlingRate', { rate: CPU_SLOWER });
  await page.addInitScript(MARK);
  await page.goto(url, { timeout: LIMIT_MS });
  await page.waitForFunction('globalThis.firstRowMs', undefined, { timeout: LIMIT_MS });
  const load = await page.evaluate<Load>(`(() => {
    const rowMs = globalThis.firstRowMs;
    const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const by = entries.filter(({ responseEnd }) => responseEnd <= rowMs);
    return {
      rowMs,
      paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? rowMs,
      requests: by.length,
      bytes: by.reduce((sum, { transferSize }) => sum + transferSize, 0),
    };
  })()`);
  await context.close();
  return load;
}
