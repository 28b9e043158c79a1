/** What a thread of the pool runs: one training of a sweep. */

import { demos } from '../../../demos/index.js';
import { configureSimd, setDefaultBackend } from '../../../src/index.js';
import { answerTasks } from '../../pool.js';
import { runTask, type SweepRow, type SweepTask } from './tasks.js';

configureSimd({ vectors: 'auto' });

answerTasks<SweepTask, SweepRow>(async (task) => {
  setDefaultBackend(task.config.backend);
  return runTask(demos.find(({ name }) => name === task.demo)!, task);
});
