/** Where the lab is opened in tests: the one file on a disk, the folder on a server, and a server that should hear nothing. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { parseLink } from '../../lab/core/link.js';
import { makeLab, POLICY } from '../../scripts/build-lab.mjs';

/** Builds the lab once and offers it in both forms. */
export async function offerLab() {
  const files = await makeLab();
  const folder = mkdtempSync(join(tmpdir(), 'tamegrad-lab-'));
  writeFileSync(join(folder, 'lab.html'), files.get('lab.html')!);
  const server = createServer((request, response) => {
    if (request.url === '/blog/') {
      const policy = `script-src ${new URL(served).origin} 'wasm-unsafe-eval' blob:`;
      const body = `<!doctype html><title>blog</title><script type="module" src="${served}shell.js"></script><tamegrad-lab lesson="4" colour="red"></tamegrad-lab>`;
      return response
        .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy })
        .end(body);
    }
    const name = new URL(request.url!, 'http://localhost').pathname.replace(/^\/some\/path\//, 'lab/');
    const body = files.get(name.endsWith('/') ? `${name}index.html` : name);
    if (!body) return response.writeHead(404).end();
    const type = name.endsWith('.js') ? 'text/javascript' : 'text/html';
    return response
      .writeHead(200, {
        'content-type': type,
        'content-security-policy': POLICY.served,
        'access-control-allow-origin': '*',
      })
      .end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const served = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/path/`;
  // Counts whoever knocks, whatever the protocol.
  let knocks = 0;
  const listener = createListener((socket) => {
    knocks++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));

  return {
    files,
    served,
    file: pathToFileURL(join(folder, 'lab.html')).href,
    /** A page of another origin that holds the element and forbids inline scripts. */
    blog: `http://localhost:${new URL(served).port}/blog/`,
    /** Where nobody should call. */
    elsewhere: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    knocks: () => knocks,

    async close(): Promise<void> {
      rmSync(folder, { recursive: true, force: true });
      server.closeAllConnections();
      server.close();
      listener.close();
    },
  };
}

/** The lab as it is offered. */
export type Offered = Awaited<ReturnType<typeof offerLab>>;

/** `<tamegrad-lab>` as tests know it. */
interface LabElement extends HTMLElement {
  readonly loaded: unknown;
  readonly updateComplete: Promise<unknown>;
}

/**
 * The one tab that all tests use: opening another costs a second of processor time, following a link in it a tenth.
 * Each test follows a link of its own first and leaves neither size nor colours changed.
 */
export class LabPage {
  /** What the page said on the console, what it asked of any network, what it threw. */
  readonly complaints: string[] = [];
  /** The address of the lab that is open; empty before the first. */
  #base = '';

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    readonly offered: Offered,
  ) {}

  static async in(browser: Browser, offered: Offered): Promise<LabPage> {
    const context = await browser.newContext({ reducedMotion: 'reduce' });
    const lab = new LabPage(await context.newPage(), context, offered);
    const { page, complaints } = lab;
    page.setDefaultTimeout(60_000);
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!/^(data|blob|about):/.test(url) && !url.startsWith(lab.#base)) complaints.push(`asked for ${url}`);
    });
    return lab;
  }

  /** Loads the page anew, from the file unless another address is named. */
  async open(hash: string, base = this.offered.file): Promise<void> {
    this.#base = base;
    // From one link to another of the same page nothing would be loaded.
    await this.page.goto('about:blank');
    await this.page.goto(`${base}${hash}`);
    await this.page.locator('h1').first().waitFor();
  }

  /** Follows a link in the page as it stands: the widget is a new one, the engine and the progress are not. */
  async show(hash: string): Promise<void> {
    if (this.#base !== this.offered.file) return this.open(hash);
    const followed = await this.page.evaluate(async (hash) => {
      if (location.hash === hash) return false;
      const lab = document.querySelector<LabElement>('tamegrad-lab');
      if (!lab) return false;
      const before = lab.loaded;
      location.hash = hash;
      const end = performance.now() + 20_000;
      while (lab.loaded === before && performance.now() < end)
        await new Promise((resolve) => setTimeout(resolve, 5));
      await lab.updateComplete;
      return true;
    }, hash);
    if (!followed) await this.open(hash);
  }

  /** Everything after the `#`. */
  hash(): Promise<string> {
    return this.page.evaluate(() => location.hash);
  }

  /** The settings of the widget as the link says them. */
  async settings(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries(parseLink(await this.hash()).rest);
  }

  /** Polls until what is seen is what is expected. */
  eventually<T>(look: () => Promise<T>) {
    return expect.poll(look, { timeout: 60_000, interval: 20 });
  }

  locator(selector: string, options?: Parameters<Page['locator']>[1]): Locator {
    return this.page.locator(selector, options);
  }

  /** Text of the element with this `data-fact`, in the one with this `data-run` if named. */
  fact(name: string, run?: string): Promise<string> {
    return this.locator(`${run ? `[data-run=${run}]` : ''}[data-fact=${name}]`).innerText();
  }

  /** Types an exact value into the field of a number setting. */
  async type(setting: string, value: number): Promise<void> {
    await this.locator(`input[name=${setting}]`).fill(String(value));
    await this.locator(`input[name=${setting}]`).press('Enter');
  }

  /** The words for screen readers say this, sooner or later. */
  async says(words: string | RegExp): Promise<void> {
    await this.locator('#live', { hasText: words }).waitFor({ state: 'attached' });
  }

  /** Writes code into the plain text field, has it checked, and returns what is said of it. */
  async check(source: string): Promise<string> {
    await this.locator('[data-act=plain]').check();
    await this.locator('textarea.plain-code').fill(source);
    await this.locator('[data-act=check]').click();
    await this.locator('[data-act=check]:not([disabled])').waitFor();
    return this.locator('.grade').innerText();
  }
}
