/** The server of `tamegrad lab`: the folder, and nothing outside it. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveFolder } from '../../../../cli/commands/lab/serve.js';

const parent = mkdtempSync(join(tmpdir(), 'tamegrad-serve-'));
let server: Server;

beforeAll(async () => {
  mkdirSync(join(parent, 'lab', 'folder'), { recursive: true });
  writeFileSync(join(parent, 'lab', 'index.html'), 'the lab');
  writeFileSync(join(parent, 'lab', 'shell.js'), 'the shell');
  writeFileSync(join(parent, 'secret.txt'), 'a secret');
  server = await serveFolder(join(parent, 'lab'), 0);
});
afterAll(() => {
  server.close();
  rmSync(parent, { recursive: true, force: true });
});

/** As it stands: fetch would tidy the path up. */
function get(
  path: string,
  method = 'GET',
): Promise<{ status: number; type: string | undefined; body: string }> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, method }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode!, type: response.headers['content-type'], body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

it('serves pages and scripts as what they are', async () => {
  expect(await get('/')).toEqual({ status: 200, type: 'text/html; charset=utf-8', body: 'the lab' });
  expect(await get('/shell.js?x')).toMatchObject({ status: 200, type: 'text/javascript; charset=utf-8' });
});

it.each([
  '/../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/nothing',
  '/folder',
  '/folder/',
  '/%',
  '/%00',
])('has nothing to say to %s', async (path) => {
  expect(await get(path)).toMatchObject({ status: 404, body: '' });
});

it('answers questions only', async () => {
  expect((await get('/', 'POST')).status).toBe(405);
});

it('listens on this machine alone, and says that a port is taken', async () => {
  const { port, address } = server.address() as AddressInfo;
  expect(address).toBe('127.0.0.1');
  await expect(serveFolder(parent, port)).rejects.toThrow('EADDRINUSE');
});
