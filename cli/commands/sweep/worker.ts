/** What a thread of the pool runs: one training of a sweep. */

import { demos } from '../../../demos/index.js';
import { configureSimd, setDefaultBackend } from '../../../src/index.js';
import { runTask, type SweepRow, type SweepTask } from './tasks.js';

configureSimd({ vectors: 'auto' });

/** Runs a task. */
export default function run(task: SweepTask): Promise<SweepRow> {
  setDefaultBackend(task.config.backend);
  return runTask(demos.find(({ name }) => name === task.demo)!, task);
}
