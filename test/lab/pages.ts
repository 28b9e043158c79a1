/** Where the lab is opened in tests: the one file on a disk, the folder on a server, and a server that should hear nothing. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createListener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { makeLab, POLICY } from '../../scripts/build-lab.mjs';

/** A page of the lab, what it said on the console and what it asked of any network. */
export interface Opened {
  readonly page: Page;
  readonly complaints: string[];
}

/** The lab, offered. */
export type LabPages = Awaited<ReturnType<typeof offerLab>>;

/** Builds the lab once and offers it in both forms. */
export async function offerLab(browser: () => Browser) {
  const files = await makeLab();
  const folder = mkdtempSync(join(tmpdir(), 'tamegrad-lab-'));
  writeFileSync(join(folder, 'lab.html'), files.get('lab.html')!);
  const file = pathToFileURL(join(folder, 'lab.html')).href;
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
    file,
    /** A page of another origin that holds the element and forbids inline scripts. */
    blog: `http://localhost:${new URL(served).port}/blog/`,
    /** Where nobody should call. */
    elsewhere: `127.0.0.1:${(listener.address() as AddressInfo).port}`,
    knocks: () => knocks,

    /** Opens a lesson, `#…`, of the one file, or of `base`. */
    async open(hash: string, base = file, options: Parameters<Browser['newPage']>[0] = {}): Promise<Opened> {
      const page = await browser().newPage({ reducedMotion: 'reduce', ...options });
      page.setDefaultTimeout(60_000);
      const complaints: string[] = [];
      page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('request', (request) => {
        const url = request.url();
        if (!/^(data|blob|about):/.test(url) && !url.startsWith(base)) complaints.push(`asked for ${url}`);
      });
      await page.goto(`${base}${hash}`);
      await page.locator('h1').first().waitFor();
      return { page, complaints };
    },

    async close(): Promise<void> {
      rmSync(folder, { recursive: true, force: true });
      server.closeAllConnections();
      server.close();
      listener.close();
    },
  };
}
