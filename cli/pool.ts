/** Tasks side by side on the machine's cores. Separate because it alone knows of threads. */

import { availableParallelism } from 'node:os';
import { parentPort, type Worker } from 'node:worker_threads';
import { messageOf, startThread } from '../src/train/thread.js';

/** One task for each core by default. */
export function defaultJobs(): number {
  return availableParallelism();
}

/** What a thread is asked, and what it answers. */
interface Question<Task> {
  readonly index: number;
  readonly task: Task;
}
type Answer<Outcome> =
  | { readonly index: number; readonly outcome: Outcome }
  | { readonly index: number; readonly failure: string };

/** Makes a module the worker of {@link runTasks}: it answers each task with what `run` resolves to. */
export function answerTasks<Task, Outcome>(run: (task: Task) => Promise<Outcome>): void {
  const port = parentPort!;
  port.on('message', async ({ index, task }: Question<Task>) => {
    const answer: Answer<Outcome> = await run(task).then(
      (outcome) => ({ index, outcome }),
      (error) => ({ index, failure: messageOf(error) }),
    );
    port.postMessage(answer);
  });
}

/**
 * Runs tasks in worker threads, `jobs` at a time, and yields each outcome with its task's index as it comes, in whatever
 * order. `worker` is a module that calls {@link answerTasks}. Ends early, its threads with it, when the caller stops asking
 * or aborts; a task that fails ends all.
 */
export async function* runTasks<Task, Outcome>(
  worker: URL,
  tasks: readonly Task[],
  jobs: number,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly index: number; readonly outcome: Outcome }> {
  const answers: { readonly index: number; readonly outcome: Outcome }[] = [];
  let failure: Error | null = null;
  let wake = (): void => {};
  let next = 0;
  const fail = (reason: string, cause?: unknown): void => {
    failure ??= new Error(reason, { cause });
    wake();
  };
  const ask = (thread: Worker): void => {
    if (next === tasks.length) return;
    const question: Question<Task> = { index: next, task: tasks[next++] };
    thread.postMessage(question);
  };
  const threads = Array.from({ length: Math.min(jobs, tasks.length) }, () => {
    const thread: Worker = startThread(worker, undefined, {
      onMessage: (message) => {
        const answer = message as Answer<Outcome>;
        if ('failure' in answer) fail(answer.failure);
        else answers.push(answer);
        ask(thread);
        wake();
      },
      onEnd: (reason, cause) => fail(`a worker thread ${reason ?? 'ended before its time'}`, cause),
    });
    ask(thread);
    return thread;
  });
  const onAbort = (): void => fail('aborted');
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  try {
    for (let done = 0; done < tasks.length; done++) {
      while (answers.length === 0 && failure === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const answer = answers.shift();
      if (!answer) throw failure;
      yield answer;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}
