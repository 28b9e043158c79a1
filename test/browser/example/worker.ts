/** The worker: it trains what a message asks for, and posts every step, then the result or what went wrong. */

import { type Job, trainLatch } from './training.js';

addEventListener('message', async ({ data }: MessageEvent<Job>) => {
  try {
    const result = await trainLatch(data, ({ step, loss }) => postMessage({ step, loss }));
    postMessage({ result });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
