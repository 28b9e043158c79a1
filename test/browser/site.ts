/** The example of docs/browser.md as a web site: bundled for a browser, and served on this machine with chosen headers. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));

const HTML = `<!doctype html>
<meta charset="utf-8">
<title>tamegrad</title>
<link rel="icon" href="data:,">
<output></output>
<script type="module" src="page.js"></script>
`;

/** Files of a site by name. */
export type Files = ReadonlyMap<string, Uint8Array>;

/** Page and worker as a user's bundler makes them; gpu.js, which is loaded when first needed, is a chunk of its own. */
export async function bundle(options: Pick<BuildOptions, 'alias' | 'plugins'> = {}): Promise<Files> {
  const { outputFiles } = await build({
    entryPoints: [
      ...['example/page.ts', 'example/worker.ts', 'example/training.ts'],
      ...['numbers.ts', 'threaded.ts'],
    ].map((name) => folder + name),
    outdir: folder,
    entryNames: '[name]',
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    logLevel: 'silent',
    ...options,
  });
  const scripts = outputFiles.map(({ path, contents }) => [basename(path), contents] as const);
  return new Map([['index.html', new TextEncoder().encode(HTML)], ...scripts]);
}

/** Kilobytes, gzipped, of gpu.js and of all other scripts. */
export function sizesOf(files: Files): { readonly library: number; readonly gpu: number } {
  const sizes = { library: 0, gpu: 0 };
  for (const [name, contents] of files) {
    if (name.endsWith('.js'))
      sizes[name.startsWith('gpu') ? 'gpu' : 'library'] += gzipSync(contents).length / 1000;
  }
  return sizes;
}

/** One way to serve the site: its files, and the headers of each. */
export interface Variant {
  readonly files: Files;
  readonly headers?: (name: string) => Readonly<Record<string, string>>;
}

/** Serves every variant on 127.0.0.1 under a path of its own. */
export async function serve(variants: Readonly<Record<string, Variant>>) {
  const server = createServer((request, response) => {
    const [, variant, name] = decodeURI(new URL(request.url!, 'http://localhost').pathname).split('/');
    const { files, headers } = variants[variant] ?? {};
    const body = files?.get(name || 'index.html');
    if (!body) return response.writeHead(404).end();
    const type = name ? 'text/javascript' : 'text/html';
    return response.writeHead(200, { 'content-type': type, ...headers?.(name) }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: (variant: string) => `http://127.0.0.1:${port}/${encodeURI(variant)}/`,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
