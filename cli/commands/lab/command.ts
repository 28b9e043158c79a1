/** `tamegrad lab`: serves the browser lab on this machine, until Ctrl-C. */

import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onInterrupt } from '../../interrupt.js';
import { serveFolder } from './serve.js';

/** What the options of `lab` parse to. */
export interface LabOptions {
  readonly port: number;
}

/** Beside the bundle, or, from the sources, where the build puts it. */
const PLACES = ['./lab', '../../../dist/lab'] as const;

/** Serves the lab and prints its address; returns the exit code once interrupted. */
export async function runLab({ port }: LabOptions): Promise<number> {
  const folder = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find(existsSync);
  if (!folder) throw new Error('lab: it is not built here; run npm run build');
  const server = await serveFolder(folder, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new Error(`lab: port ${port} is taken; choose another with --port, or 0 for any that is free`);
  });
  const { port: taken } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${taken}/\n`);
  process.stderr.write('The lab is served on this machine until Ctrl-C.\n');
  const interrupt = onInterrupt();
  await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve, { once: true }));
  interrupt.stopListening();
  server.closeAllConnections();
  server.close();
  return interrupt.exitCode;
}
