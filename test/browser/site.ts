/** The example of docs/browser.md as a web site: bundled for a browser, and served on this machine with chosen headers. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

const example = fileURLToPath(new URL('example', import.meta.url));

/** Files of a site by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

const HTML =
  '<!doctype html><meta charset="utf-8"><title>tamegrad</title><link rel="icon" href="data:,"><output></output><script type="module" src="page.js"></script>';

/** Page and worker as a user's bundler makes them; gpu.js, which is loaded when first needed, is a chunk of its own. */
export async function bundleExample(plugins: Plugin[] = []): Promise<Files> {
  const { outputFiles } = await build({
    entryPoints: ['page', 'worker', 'training'].map((name) => join(example, `${name}.ts`)),
    outdir: example,
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    logLevel: 'silent',
    plugins,
  });
  const bundled = outputFiles.map(({ path, contents }) => [basename(path), contents] as const);
  return new Map([['index.html', new TextEncoder().encode(HTML)], ...bundled]);
}

/** How much is downloaded, in kB as it is and compressed: gpu.js, and all else. */
export function sizesOf(files: Files): string {
  const kilobytes = (parts: Uint8Array[]) => `${Math.round(parts.reduce((sum, { length }) => sum + length, 0) / 1000)} kB`;
  const describe = (parts: Uint8Array[]) => `${kilobytes(parts)} (${kilobytes(parts.map((part) => gzipSync(part)))} gzipped)`;
  const scripts = [...files].filter(([name]) => name.endsWith('.js'));
  const gpu = scripts.filter(([name]) => name.startsWith('gpu')).map(([, contents]) => contents);
  const rest = scripts.filter(([name]) => !name.startsWith('gpu')).map(([, contents]) => contents);
  return `library and example ${describe(rest)}, gpu.js ${describe(gpu)}`;
}

/** Headers of the answer to a request for `name`. */
export type HeadersOf = (name: string) => Readonly<Record<string, string>>;

/** Serves files on 127.0.0.1: every variant under a path of its own, with its own headers. */
export async function serve(files: Files, variants: Readonly<Record<string, HeadersOf>>) {
  const server = createServer((request, response) => {
    const [, variant, name] = new URL(request.url!, 'http://localhost').pathname.split('/');
    const body = files.get(name || 'index.html');
    const headersOf = variants[variant];
    if (!body || !headersOf) return response.writeHead(404).end();
    const type = name ? 'text/javascript' : 'text/html';
    return response.writeHead(200, { 'content-type': type, ...headersOf(name) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (variant: string, query = '') => `http://127.0.0.1:${port}/${variant}/${query}`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
