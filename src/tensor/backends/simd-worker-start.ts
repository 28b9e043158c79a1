/** Starts the workers of a thread pool, in Node and in browsers, and says where that cannot be. */

import { drain, type Shared, serve } from './simd-worker.js';

/** How often a worker looks for work before it sleeps; see NOTES.md for what it costs and brings. */
const SPINS = 20_000;

/** A worker as a browser has it: lib.dom's, without what Node lacks. */
type BrowserWorker = Pick<Worker, 'postMessage' | 'onerror'>;

/** The text of a function that takes the shared state and the thread's number. */
const SOURCE = () => `(shared, thread) => (${serve})(shared, thread, ${SPINS}, ${drain})`;

/** Node's threads, or undefined elsewhere and in Node before 20.16. */
function nodeThreads(): typeof import('node:worker_threads') | undefined {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function') return undefined;
  return process.getBuiltinModule('node:worker_threads');
}

/** Why this thread cannot have workers over a shared memory; null where it can. */
export function reasonAgainstThreads(): string | null {
  const isIsolated = (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated !== false;
  if (typeof SharedArrayBuffer === 'undefined' || !isIsolated) {
    return 'there is no SharedArrayBuffer: serve the page with Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp';
  }
  try {
    // Returns at once, for the value is another; throws where waiting is forbidden.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
  } catch {
    return "a page's main thread may not wait: train in a worker";
  }
  if (!nodeThreads() && typeof Worker === 'undefined') return 'there are no workers: use Node 20.16 or later';
  return null;
}

/** Starts thread `thread` of those that share `shared`. It keeps no process alive; `fail` hears why it ended early. */
export function startWorker(shared: Shared, thread: number, fail: (error: Error) => void): void {
  const failed = (reason: string) =>
    fail(
      new Error(`simd: thread ${thread + 1} could not run (${reason}); use configureSimd({ threads: 1 })`),
    );
  const node = nodeThreads();
  if (node) {
    const code = `const { workerData } = process.getBuiltinModule('node:worker_threads'); (${SOURCE()})(...workerData);`;
    // Without the flags of this process: what they load has no business there.
    const worker = new node.Worker(code, { eval: true, execArgv: [], workerData: [shared, thread] });
    worker.on('error', ({ message }) => failed(message));
    worker.unref();
    return;
  }
  const code = `onmessage = ({ data }) => (${SOURCE()})(...data);`;
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const worker: BrowserWorker = new Worker(url);
  worker.onerror = (event) =>
    failed((event as ErrorEvent).message || "the page's policy must allow worker-src blob:");
  worker.postMessage([shared, thread]);
}
