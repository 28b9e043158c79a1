/** Serves a folder on this machine alone. */

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** Serves the files of a folder on 127.0.0.1; port 0 takes any that is free. Rejects where the port is taken. */
export async function serveFolder(folder: string, port: number): Promise<Server> {
  const server = createServer(async (request, response) => {
    const path = fileOf(folder, request.url ?? '/');
    if (request.method !== 'GET' && request.method !== 'HEAD') return response.writeHead(405).end();
    const body = path && (await readFile(path).catch(() => null));
    if (!path || !body) return response.writeHead(404).end();
    const type = types[extname(path)] ?? 'application/octet-stream';
    return response.writeHead(200, { 'content-type': type, 'cache-control': 'no-cache' }).end(body);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** The file that an address means; null where it leads out of the folder. */
function fileOf(folder: string, url: string): string | null {
  let path: string;
  try {
    path = decodeURIComponent(url.split(/[?#]/)[0]);
  } catch {
    return null;
  }
  const file = normalize(join(folder, path.endsWith('/') ? `${path}index.html` : path));
  return file.startsWith(normalize(folder + sep)) && !path.includes('\0') ? file : null;
}
