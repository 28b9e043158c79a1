/** What the digits show, in words and figures written from the measurements of the run at hand. */

import { type Figure, formatNumber, type Section } from '../../src/report/index.js';
import type { DemoConfig, Outcome } from '../demo.js';
import { tellDivergence, tellRuns, under } from '../tell.js';
import {
  accuracyOf,
  CLASSES,
  confusion,
  type Data,
  type DigitModel,
  type FirstPass,
  firstPass,
  HIDDEN_LAYERS,
} from './model.js';

/** The mark set for this demo: a run that reads this share of the unseen digits has learned to read. */
const READS = 0.95;
/** Up to here a run does no better than a guess: 0.1, and what chance adds on 297 digits. */
const GUESSES = 0.2;

/** What became of every run, in a sentence each. */
export function digitsVerdict(config: DemoConfig, data: Data, outcomes: readonly Outcome[]): string {
  return tellRuns(config, outcomes, 'the network', (outcome) => fateOf(outcome, data));
}

/** Whether a run reads as well as this demo asks for. */
export function hasLearned({ measured }: Outcome): boolean {
  return (measured.testAccuracy ?? 0) >= READS;
}

function fateOf(outcome: Outcome, { test }: Data): string {
  const told = tellDivergence(outcome);
  if (told) return told;
  const accuracy = outcome.measured.testAccuracy;
  if (accuracy === null) return 'stayed finite and makes no predictions: its outputs are not finite';
  const reads = `${(100 * accuracy).toFixed(1)} % of the ${test.count} unseen digits`;
  const mark = `the mark set for this demo is ${100 * READS} %`;
  if (hasLearned(outcome)) return `learned to read: ${reads} (${mark})`;
  if (accuracy > GUESSES) return `reads ${reads}, not enough (${mark})`;
  const loss = formatNumber(outcome.summary.finalLoss);
  return `stayed finite and learned nothing: it reads ${reads}, a guess gets 10 % (loss ${loss}, guessing gives ${formatNumber(Math.log(CLASSES))})`;
}

/** What depth does to signals, and what the best run takes for what. */
export function digitsSections(config: DemoConfig, data: Data, outcomes: readonly Outcome[]): Section[] {
  const read = confusionSection(config, data, outcomes);
  return [depthSection(config, data), ...(read ? [read] : [])];
}

function depthSection(config: DemoConfig, data: Data): Section {
  const gain = Number(config.own.gain);
  const growth = gain / Math.SQRT2;
  const first = firstPass(config, data, gain);
  const calm = firstPass(config, data, Math.SQRT2).total;
  const whole = growth ** HIDDEN_LAYERS;
  const kept = Math.abs(growth - 1) < 1e-3;
  const fate = kept
    ? 'so both stay about as they are, through all layers'
    : `after ${HIDDEN_LAYERS} layers that is ×${formatNumber(whole)}, where √2 would have kept both as they were`;
  return {
    heading: `What depth does to a factor of ${formatNumber(growth, 2)}`,
    place: 'before',
    paragraphs: [
      `An orthogonal matrix times ${formatNumber(gain)} makes every vector exactly ${formatNumber(gain)} times as long; ReLU then throws away about half of its square. So each layer multiplies by about ${formatNumber(gain)}/√2 = ${formatNumber(growth)}: the signal on its way up, and the gradient once more on its way down; ${fate}.`,
      `A weight's gradient is the signal below it times the gradient above it. What one gains with depth the other loses, so the layers' gradients differ by no such factor${spreadText(first)}. All gradients together have norm ${formatNumber(first.total)} at the first step${kept ? '' : `; with a gain of √2 and the same seed it would be ${formatNumber(calm)}`}.`,
    ],
    figures: [depthFigure(first, growth)],
  };
}

function spreadText({ weightGrads }: FirstPass): string {
  const spread = Math.max(...weightGrads) / Math.min(...weightGrads);
  return Number.isFinite(spread) ? `: the largest is ${formatNumber(spread, 2)} times the smallest` : '';
}

function depthFigure(first: FirstPass, growth: number): Figure {
  const layers = first.stateGrads.map((_, k) => k + 1);
  const law = (y: readonly number[], x: readonly number[]) => ({
    label: 'law',
    x,
    y,
    reference: true,
    style: 5,
  });
  const top = first.stateGrads[HIDDEN_LAYERS - 1];
  const fromImage = [0, ...layers];
  return {
    kind: 'panels',
    title: 'Layer by layer at step 0',
    caption: `Before any update, on the first batch; dashed: a factor of gain/√2 = ${formatNumber(growth)} a layer, up from the image for the signal, down from the last layer for the gradient.`,
    x: { label: 'layer', whole: true },
    y: { label: 'norm', scale: 'log' },
    panels: [
      {
        title: 'signal ‖h‖, going up',
        series: [
          { label: 'measured', x: fromImage, y: first.states },
          law(
            fromImage.map((k) => first.states[0] * growth ** k),
            fromImage,
          ),
        ],
      },
      {
        title: 'gradient ‖∂L/∂h‖, going down',
        series: [
          { label: 'measured', x: layers, y: first.stateGrads },
          law(
            layers.map((k) => top * growth ** (HIDDEN_LAYERS - k)),
            layers,
          ),
        ],
      },
      {
        title: 'weights ‖∂L/∂W‖, their product',
        series: [{ label: 'measured', x: layers, y: first.weightGrads }],
      },
    ],
  };
}

/** What the most accurate run takes for what; nothing where every run diverged. */
function confusionSection(
  { backend }: DemoConfig,
  { test }: Data,
  outcomes: readonly Outcome[],
): Section | null {
  const finite = outcomes.filter(({ summary }) => !summary.diverged);
  const accuracy = ({ measured }: Outcome) => measured.testAccuracy ?? -1;
  const best = finite.sort((a, b) => accuracy(b) - accuracy(a))[0];
  if (!best) return null;
  const counts = confusion(best.training.model as DigitModel, test, backend);
  const right = Math.round((accuracyOf(counts, test) ?? 0) * test.count);
  const wrong = test.count - right;
  const whose = finite.length > 1 ? ', the most accurate of the runs that stayed finite' : '';
  return {
    heading: 'What is taken for what',
    paragraphs: [
      `The ${test.count} digits that the network never saw, as it reads them ${under(best.spec.text)}${whose}: ${wrong} of them wrong. They are the same ${test.count} for every seed: the rows of the file, shuffled once and for all. The writers of the training digits wrote the test digits too; strangers' hands would be harder.`,
    ],
    figures: [
      {
        kind: 'heat',
        title: 'Digits shown and digits read',
        caption:
          'How often; one row for each digit shown, one column for what the network read. The diagonal is right.',
        x: {
          label: 'read as',
          range: [-0.5, CLASSES - 0.5],
          ticks: Array.from({ length: CLASSES }, (_, k) => k),
        },
        y: {
          label: 'shown',
          range: [0, CLASSES],
          categories: Array.from({ length: CLASSES }, (_, digit) => `a ${digit}`),
        },
        summary: `${right} of ${test.count} digits lie on the diagonal.`,
        z: { label: 'digits', scale: 'log', range: [0.5, 40] },
        columns: CLASSES,
        rows: CLASSES,
        values: counts,
        showValues: true,
      },
    ],
  };
}
