/** The example's training on several threads: in a browser this file is a worker's, in Node a module like any other. */

import { configureSimd } from '../../src/index.js';
import { simd } from '../../src/tensor/backends/simd.js';
import { type Job, trainLatch } from './example/training.js';

/** What to train, on how many threads. */
export interface ThreadedJob extends Job {
  readonly threads: number;
}

/** Trains once all threads are up; tells the hash of the parameters, and how many pieces of work the others took. */
export async function trainOnThreads(job: ThreadedJob) {
  configureSimd({ threads: job.threads });
  simd.memory.mark();
  simd.pool?.start();
  while (simd.pool && simd.pool.ready < job.threads - 1)
    await new Promise((resolve) => setTimeout(resolve, 1));
  const { hash, backend } = await trainLatch(job);
  const served = simd.pool?.served ?? 0;
  simd.pool?.stop();
  return { hash, backend, served };
}

if (typeof process === 'undefined') {
  addEventListener('message', async ({ data }: MessageEvent<ThreadedJob>) => {
    try {
      postMessage({ result: await trainOnThreads(data) });
    } catch (error) {
      postMessage({ error: String(error) });
    }
  });
}
