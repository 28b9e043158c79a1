import type { Experiment } from '../experiment.js';

/** A claim about other people's trainings. */
export const everyLargeModel: Experiment = {
  number: 48,
  name: 'every-large-model',
  group: 'plumbing',
  claim: 'All state-of-the-art LLMs (GPT-4, Claude, LLaMA)',
  source: 'glossary',
  setUp: 'None: the claim is about how other people train models, not about what clipping does.',
  criterion: 'None: no number that a computer at home could measure would confirm it or refute it.',
  verdict: 'not testable here',
  explanation:
    'That all large language models are trained with clipping is a statement about trainings that only their makers saw. For some there is a source: the LLaMA paper gives its threshold, 1.0. If nothing about a training was published, there is no source, and an article that names such a model cannot know. No experiment here can decide this, and none claims to. What can be tested is whether such an architecture needs clipping; see the experiment on large first gradients.',
  run: () => ({ checks: [] }),
};
