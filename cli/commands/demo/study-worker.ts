/** What a thread of the pool runs: one training of a study. */

import { compare } from '../../../demos/compare.js';
import type { StudyResult, StudyTask } from '../../../demos/demo.js';
import { demos } from '../../../demos/index.js';
import { setDefaultBackend } from '../../../src/index.js';

const unwatched = { begin: () => undefined, step: () => undefined, end: () => undefined };

/** Trains once. */
export default async function run({ demo: name, config }: StudyTask): Promise<StudyResult> {
  setDefaultBackend(config.backend);
  const demo = demos.find((each) => each.name === name)!;
  const { outcomes } = await compare(demo, config, unwatched);
  const [{ summary, measured, result, training }] = outcomes;
  return { summary, measured, traces: training.traces ?? {}, records: result.records };
}
