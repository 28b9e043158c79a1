/**
 * The sonnets: Shakespeare, one character at a time. A vanilla RNN learns to say which character comes next, at a
 * learning rate that only clipping can bear; then it writes a few lines of its own.
 */

import { type CharacterText, loadSonnets } from '../data.js';
import type { Demo, DemoConfig, Setup } from '../demo.js';
import { startSonnets } from './model.js';
import { type CellName, cellTitles, HIDDEN, readers, SEQUENCE } from './readers.js';
import { hasLearned, sonnetsEpilogue, sonnetsSections, sonnetsVerdict } from './story.js';

/** The rate of the demo: far higher than it should be. */
const LR = 3;

function lead({ lr, optimizer, own }: DemoConfig): string {
  const cell = own.cell as CellName;
  const matrix =
    cell === 'rnn'
      ? `Its recurrent matrix starts orthogonal times ρ = ${own.rho}.`
      : 'A vanilla RNN beside it shows what that buys.';
  const high = lr >= LR && optimizer === 'sgd' ? ', far higher than it should be' : '';
  return `${cellTitles[cell]} of ${HIDDEN} units reads crops of ${SEQUENCE} characters from Shakespeare's sonnets and guesses each next one. ${matrix} The learning rate is ${lr}${high}. Same weights, same crops, same seed; only what stands between \`backward()\` and the step differs.`;
}

/** What every other reader is measured by. */
function vanilla(config: DemoConfig, text: CharacterText): Setup['beside'] {
  const own = { ...config.own, cell: 'rnn' };
  return { label: 'rnn', start: () => startSonnets({ ...config, own }, text) };
}

/** Write like Shakespeare, or at least in letters. */
export const sonnets: Demo = {
  name: 'sonnets',
  title: 'The sonnets: Shakespeare, one character at a time',
  summary: "an RNN learns Shakespeare's sonnets character by character, and writes",
  lead,
  lossUnit: 'nats',
  defaults: { steps: 300, lr: LR },
  options: [
    {
      name: 'cell',
      value: 'name',
      description: 'what reads',
      default: 'rnn',
      choices: Object.keys(readers),
    },
    {
      name: 'rho',
      value: 'number',
      description: 'spectral norm of the recurrent matrix at the start',
      default: 1.5,
      range: [0, 10],
    },
    {
      name: 'temperature',
      value: 'number',
      description: 'of the lines it writes: low is timid, high is wild',
      default: 0.6,
      range: [0.05, 5],
    },
  ],
  setUp: (config): Setup => {
    const text = loadSonnets();
    return {
      start: () => startSonnets(config, text),
      beside: config.own.cell === 'rnn' ? undefined : vanilla(config, text),
      verdict: (outcomes) => sonnetsVerdict(config, text, outcomes),
      succeeded: hasLearned,
      sections: (outcomes) => sonnetsSections(config, text, outcomes),
      epilogue: (outcomes) => sonnetsEpilogue(config, text, outcomes),
    };
  },
};
