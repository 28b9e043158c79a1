/** Tasks side by side on the machine's cores. Separate because it alone knows of threads. */

import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { Piscina } from 'piscina';

/** One task for each core by default. */
export function defaultJobs(): number {
  return availableParallelism();
}

/**
 * Runs tasks in worker threads, `jobs` at a time, and yields each outcome with its task's index as it comes, in whatever order. `worker` is a
 * module whose default export takes a task. Ends early, its threads with it, when the caller stops asking or aborts.
 */
export async function* runTasks<Task, Outcome>(
  worker: URL,
  tasks: readonly Task[],
  jobs: number,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly index: number; readonly outcome: Outcome }> {
  const pool = new Piscina({
    filename: worker.href,
    maxThreads: jobs,
    minThreads: Math.min(jobs, tasks.length),
  });
  // Every task listens for the one signal.
  if (signal) setMaxListeners(tasks.length + 1, signal);
  const waiting = new Map<number, Promise<readonly [number, Outcome]>>();
  for (const [i, task] of tasks.entries()) {
    waiting.set(
      i,
      pool.run(task, { signal }).then((outcome: Outcome) => [i, outcome] as const),
    );
  }
  try {
    while (waiting.size > 0) {
      const [i, outcome] = await Promise.race(waiting.values());
      waiting.delete(i);
      yield { index: i, outcome };
    }
  } finally {
    for (const rest of waiting.values()) rest.catch(() => undefined);
    await pool.destroy();
  }
}
