/** Three questions about percentiles, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import { effectOf, percentileOf } from './norms.js';
import type session from './session.js';

export default defineQuiz<typeof session>([
  {
    ask: 'An article says that the median as a threshold “halves most gradient magnitudes”. Of the three runs here, seed 1, where is it true?',
    options: ['In all three', 'Where there are outliers', 'In none'],
    async answer(lab) {
      const halved = async (task: string): Promise<number> => {
        const norms = await lab.call('measure', { task, seed: 1 });
        return effectOf(norms, percentileOf(norms, 50)).halved;
      };
      const most = [await halved('line'), await halved('outliers'), await halved('spirals')];
      if (most.every((share) => share > 0.5)) return 0;
      return most[1] > 0.5 ? 1 : 2;
    },
    because:
      'Half of all norms lie below their median and are not touched. Halved are only those twice as long as it: less than half, whatever the norms.',
  },
  {
    ask: 'Two spirals, seed 1: the 90th percentile of the measured norms clips one step in ten of them. And of the 300 steps after?',
    options: ['Hardly any', 'About one in ten', 'More than a quarter'],
    async answer(lab) {
      const { rate } = (await lab.call('choose', { task: 'spirals', seed: 1, percent: 90 })).after;
      return rate < 0.05 ? 0 : rate > 0.25 ? 2 : 1;
    },
    because:
      'The network learns and its gradients get shorter. A percentile of the past is a clip rate of the future only while the norms stand still.',
  },
  {
    ask: 'A line with outliers, seed 1, the 90th percentile: one measured step in ten is clipped. Which share of all their length is lost?',
    unit: '%',
    tolerance: 0.05,
    answer: async (lab) =>
      100 * (await lab.call('choose', { task: 'outliers', seed: 1, percent: 90 })).inSample.lost,
    because:
      'The clipped steps are the long ones. The clip rate is set by the percentile; what is lost depends on how long the tail is.',
  },
]);
