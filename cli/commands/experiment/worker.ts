/** What a thread of the pool runs: one experiment with one seed. */

import { experimentOf } from '../../../experiments/index.js';
import { type Outcome, runExperiment } from '../../../experiments/run.js';
import { answerTasks } from '../../pool.js';
import type { Task } from './command.js';

answerTasks<Task, Outcome>(({ number, seed }) => runExperiment(experimentOf(number), seed));
