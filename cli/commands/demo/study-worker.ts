/** What a thread of the pool runs: one training of a study. */

import { compare } from '../../../demos/compare.js';
import type { StudyResult, StudyTask } from '../../../demos/demo.js';
import { demos } from '../../../demos/index.js';
import { configureSimd, setDefaultBackend } from '../../../src/index.js';
import { answerTasks } from '../../pool.js';

const unwatched = { begin: () => undefined, step: () => undefined, end: () => undefined };

configureSimd({ vectors: 'auto' });

answerTasks<StudyTask, StudyResult>(async ({ demo: name, config }) => {
  setDefaultBackend(config.backend);
  const demo = demos.find((each) => each.name === name)!;
  const { outcomes } = await compare(demo, config, unwatched);
  const [{ summary, measured, digest, result, training }] = outcomes;
  return { summary, measured, digest, traces: training.traces ?? {}, records: result.records };
});
