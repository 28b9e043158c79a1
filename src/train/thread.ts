/** A worker thread, and every way in which one can end, told in the same words: replicas and the tasks of a pool are such. */

import { Worker } from 'node:worker_threads';

/** Who listens to a thread. */
export interface ThreadListener {
  onMessage(message: unknown): void;
  /**
   * It is over: null where the thread ended by itself, else what went wrong, to be put behind its name ("failed: …"). Heard
   * once, and last.
   */
  onEnd(failure: string | null, cause?: unknown): void;
}

/** Starts a module in a new thread. */
export function startThread(module: URL, workerData: unknown, listener: ThreadListener): Worker {
  const worker = new Worker(module, { workerData });
  let isOver = false;
  const end = (failure: string | null, cause?: unknown): void => {
    if (isOver) return;
    isOver = true;
    listener.onEnd(failure, cause);
  };
  worker.on('message', (message) => {
    if (!isOver) listener.onMessage(message);
  });
  worker.on('error', (error) => end(`failed: ${messageOf(error)}`, error));
  worker.on('messageerror', (error) => end(`sent a message that cannot be read: ${error.message}`, error));
  worker.on('exit', (code) => end(code === 0 ? null : `ended with exit code ${code}`));
  return worker;
}

/** Whatever was thrown: an Error says its message, anything else what it is. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'object' ? JSON.stringify(error) : String(error);
}
