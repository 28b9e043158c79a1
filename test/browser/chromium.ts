/** Headless Chromium, $CHROMIUM_PATH or Debian's: whether it is there, and what it shows of the example page. */

import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import type { Job, trainLatch } from './example/training.js';
import type { ThreadedJob, trainOnThreads } from './threaded.js';

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Why there is no browser; null where there is one. */
export const missing = existsSync(executablePath)
  ? null
  : `no Chromium at ${executablePath}; install it, or set CHROMIUM_PATH`;

/** Starts the browser. */
export function launch(): Promise<Browser> {
  if (missing !== null) throw new Error(`test/browser: ${missing}`);
  return chromium.launch({
    executablePath,
    args: [
      ...[
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-sync',
        '--disable-quic',
      ],
      ...['--disable-background-networking', '--disable-component-update'],
    ],
  });
}

/** What the page showed last, and what was seen meanwhile. */
export interface Visit {
  readonly shown: { readonly result?: Awaited<ReturnType<typeof trainLatch>>; readonly error?: string };
  /** How often the page's clock ticked, every 10 ms at best, while the worker took its steps. */
  readonly ticks: number;
  readonly isolated: boolean;
  /** Whatever page and worker wrote to the console, uncaught errors, files that were not loaded. */
  readonly complaints: readonly string[];
}

/** Opens the example in a tab of its own and waits until the worker is done. */
export async function visit(browser: Browser, address: string, { steps, backend }: Job): Promise<Visit> {
  const page = await browser.newPage();
  const complaints = complaintsOf(page);
  await page.addInitScript(() => {
    let ticks = 0;
    setInterval(() => {
      if (!document.querySelector('output')?.textContent?.includes('"step"')) return;
      document.documentElement.dataset.ticks = String(++ticks);
    }, 10);
  });
  await page.goto(`${address}?backend=${backend}&steps=${steps}`);
  await page.waitForFunction(() => /"(result|error)"/.test(document.querySelector('output')!.textContent!));
  const [shown, ticks, isolated] = await page.evaluate(
    () =>
      [
        document.querySelector('output')!.textContent!,
        Number(document.documentElement.dataset.ticks ?? 0),
        crossOriginIsolated,
      ] as const,
  );
  await page.close();
  return { shown: JSON.parse(shown), ticks, isolated, complaints };
}

/** Opens the site and trains in a worker of several threads there; what the worker posted. */
export async function visitThreaded(
  browser: Browser,
  address: string,
  job: ThreadedJob,
): Promise<{ readonly result?: Awaited<ReturnType<typeof trainOnThreads>>; readonly error?: string }> {
  const page = await browser.newPage();
  await page.goto(`${address}?steps=0`);
  const posted = await page.evaluate(
    (job) =>
      new Promise<{ error?: string }>((resolve) => {
        const worker = new Worker('threaded.js', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = ({ message }) => resolve({ error: message });
        worker.postMessage(job);
      }),
    job,
  );
  await page.close();
  return posted;
}

function complaintsOf(page: Page): readonly string[] {
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (request) => complaints.push(`not loaded: ${request.url()}`));
  page.on('response', (response) => {
    if (!response.ok()) complaints.push(`${response.status()}: ${response.url()}`);
  });
  return complaints;
}
