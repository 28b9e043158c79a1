/** What clipping does at the cliff and what it does not, said of the specs, the optimizer and the outcomes at hand. */

import { formatNumber, type Section } from '../../src/report/index.js';
import type { DemoConfig, Outcome } from '../demo.js';
import { startUnder, under } from '../tell.js';
import { MAP, TARGET } from './model.js';
import { isStuck, largestStepOf } from './outcome.js';

/** From this share of clipped steps on, a threshold holds the descent back in the valley, too. */
const MOSTLY = 0.5;

/** The section that closes the page. */
export function clippingSection(config: DemoConfig, outcomes: readonly Outcome[]): Section {
  const clips = outcomes.some(({ spec }) => spec.text !== 'none');
  const paragraphs = [
    stepsText(config, outcomes),
    plateauText(outcomes),
    ...(clips ? [boundsText(config, outcomes), limitsText(config, outcomes)] : []),
    'Beside the wall one rounding more or less is another descent: a different exponential function, right to the last digit but one, can change which steps are clipped.',
  ];
  return {
    heading: clips ? 'What clipping does here, and what it does not' : 'What a wall does to a step',
    paragraphs: paragraphs.filter(Boolean),
    figures: [],
  };
}

/** How long the longest steps were, beside the map. */
function stepsText({ optimizer, lr }: DemoConfig, outcomes: readonly Outcome[]): string {
  const measured = outcomes
    .filter((outcome) => Number.isFinite(largestStepOf(outcome)))
    .map((outcome) => `${formatNumber(largestStepOf(outcome))} ${under(outcome.spec.text)}`);
  if (measured.length === 0) return '';
  const rule =
    optimizer === 'sgd'
      ? `A step of plain gradient descent is ${lr} times the gradient that comes to it, and a gradient from the wall can be of any size.`
      : "Adam divides each parameter's gradient by its own running size, so that the length of a step says little of the gradient behind it.";
  return `${rule} The longest steps here: ${measured.join(', ')}; the map is ${formatNumber(MAP.w[1] - MAP.w[0])} wide.`;
}

/** Said where a descent ended saturated. */
function plateauText(outcomes: readonly Outcome[]): string {
  const stuck = outcomes.filter(isStuck).map(({ spec }) => `\`${spec.text}\``);
  if (stuck.length === 0) return '';
  return `Where ${stuck.join(' and ')} ended, the unit is saturated: σ(x) is 1 or 0 to many digits whatever the parameters do, so the error is (1 − ${TARGET})² = ${formatNumber((1 - TARGET) ** 2)} or ${TARGET}² = ${formatNumber(TARGET ** 2)} and its gradient is all but zero. Nothing has become infinite there; the unit has become deaf: a finite loss is no sign of health.`;
}

/** What each kind of clipping keeps of a gradient, by its function. */
const kinds: Readonly<Record<string, string>> = {
  clipByGlobalNorm: 'bounds the length of the gradient as a whole and keeps its direction',
  clipByValue: 'bounds ∂E/∂w and ∂E/∂b one by one, which turns a long gradient towards a diagonal',
  clipByTensorNorm:
    'bounds w and b one by one, each a tensor of its own here, which turns a long gradient towards a diagonal',
};

function boundsText({ optimizer, lr }: DemoConfig, outcomes: readonly Outcome[]): string {
  const said = outcomes.flatMap(({ spec }) => {
    const kind = kinds[spec.functions[0] ?? ''];
    if (!kind) return [];
    const length =
      optimizer === 'sgd' && spec.threshold !== null
        ? `: no step is longer than ${lr} × ${spec.threshold} = ${formatNumber(lr * spec.threshold)}`
        : '';
    return [`\`${spec.text}\` ${kind}${length}.`];
  });
  const adam =
    optimizer === 'adam'
      ? ' All this is done to what Adam receives, which it then divides by its running size: the step itself is not bounded by it.'
      : '';
  return `${said.join(' ')}${adam}`.trim();
}

/** What no threshold changes, and where one is too low. */
function limitsText({ optimizer }: DemoConfig, outcomes: readonly Outcome[]): string {
  const slow = outcomes
    .filter(({ summary }) => optimizer === 'sgd' && summary.clippedFraction > MOSTLY)
    .map(({ spec, summary }) => {
      const clipped = Math.round(summary.clippedFraction * summary.steps);
      return ` ${startUnder(spec.text)} ${clipped} of ${summary.steps} steps were clipped: a threshold as low as that shortens the steps in the valley, too.`;
    });
  return `Clipping does not remove the wall, and it does not make a descent arrive sooner.${slow.join('')}`;
}
