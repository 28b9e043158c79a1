/**
 * What the latch shows, in words and figures written from the measurements of the run at hand: under other options
 * the story is another one, and is told as it went.
 */

import { formatNumber, formatPercent, type Section } from '../src/train/report/index.js';
import { type DemoConfig, type Outcome, tellDivergence } from './demo.js';
import { firstHiddenGradients, growthOf, HIDDEN, type LatchTraining, STEPS } from './latch-model.js';

/** A run ends here or below: the sign is remembered. Guessing 0 gives a loss of 1. */
const LEARNED = 0.05;
/** Above this a run has learned nothing worth the name. */
const NOTHING_LEARNED = 0.8;
/** Spectral norms whose first gradients the report compares with ρᵗ. */
const COMPARED = [0.7, 1, 1.2] as const;

/** What became of every run, in a sentence each. */
export function latchVerdict(config: DemoConfig, outcomes: readonly Outcome[]): string {
  return outcomes.map((outcome) => `${outcome.spec.text} ${fateOf(config, outcome)}.`).join(' ');
}

function fateOf(config: DemoConfig, outcome: Outcome): string {
  const told = tellDivergence(outcome);
  const loss = `loss ${formatNumber(outcome.summary.finalLoss)}`;
  if (told) {
    const peak = Math.max(...stabilityOf(config, outcome));
    return peak > 2
      ? `${told}; 2·lr·‖h‖² had reached ${formatNumber(peak)}, and above 2 the output layer diverges`
      : told;
  }
  if (outcome.summary.finalLoss < LEARNED) return `learned to remember the sign (${loss})`;
  const fate =
    outcome.summary.finalLoss < NOTHING_LEARNED ? 'has not learned it yet' : 'survived and learned nothing';
  return `${fate} (${loss}; guessing gives 1)`;
}

/** 2·lr·‖h_T‖² by step, as far as it was finite: the rate times the curvature of the loss in the output weights. */
function stabilityOf({ lr }: DemoConfig, { training }: Outcome): number[] {
  const squares = (training as LatchTraining).squaredStates.filter(Number.isFinite);
  return squares.map((square) => 2 * lr * square);
}

/** The two acts, each with its figure. */
export function latchSections(config: DemoConfig, outcomes: readonly Outcome[]): Section[] {
  return [gradientSection(config, outcomes), stabilitySection(config, outcomes)];
}

function gradientSection(config: DemoConfig, outcomes: readonly Outcome[]): Section {
  const rho = Number(config.own.rho);
  const times = Array.from({ length: STEPS }, (_, t) => t + 1);
  const compared = [...new Set([...COMPARED, rho])].sort((a, b) => a - b);
  const measured = compared.map((value) => ({ value, norms: firstHiddenGradients(config, value) }));
  const own = measured.find(({ value }) => value === rho)!.norms;
  return {
    heading: 'First act: a gradient grown along time',
    place: 'before',
    paragraphs: [
      `Backwards through time, the gradient of the hidden state meets the recurrent matrix once a step. That matrix stretches every vector by ρ, so over ${STEPS} steps the gradient would grow like ρᵗ. ${lawOf(config, own)}`,
      ...firstStep(outcomes),
    ],
    figures: [
      {
        kind: 'lines',
        title: 'Gradient of the hidden state at step 0, along time.',
        caption:
          'Norm of ∂L/∂hₜ over the batch, before any update; dashed: ρ to the number of steps back from the last.',
        x: { label: 'time step t' },
        y: { label: '‖∂L/∂hₜ‖', scale: 'log' },
        series: measured.flatMap(({ value, norms }, style) => [
          { label: `ρ = ${value}`, x: times, y: norms, style },
          {
            label: `law for ρ = ${value}`,
            x: times,
            y: times.map((t) => norms[STEPS - 1] * value ** (STEPS - t)),
            reference: true,
            style,
          },
        ]),
      },
    ],
  };
}

function lawOf({ own: { rho, activation } }: DemoConfig, norms: readonly number[]): string {
  const { min, mean, max } = growthOf(norms);
  if (activation === 'identity') {
    return `Without a nonlinearity the law is exact: it grows by ${min.toFixed(6)} to ${max.toFixed(6)} a step, and ρ is ${rho}.`;
  }
  return `A unit near saturation passes less: here the gradient grows by ${mean.toFixed(3)} a step on average, at most by ${max.toFixed(3)}, and ρ is ${rho}.`;
}

/** How large the first gradient was, and whose. */
function firstStep(outcomes: readonly Outcome[]): string[] {
  const first = outcomes[0]?.result.records[0];
  if (!first) return [];
  const share = (first.norms['rnn.weightHh'] / first.normBefore) ** 2;
  return [
    `At step 0 the whole gradient has norm ${formatNumber(first.normBefore)}; \`rnn.weightHh\` alone has ${formatPercent(share)} of its square. Unclipped, that is the length of the first update divided by the rate.`,
  ];
}

function stabilitySection(config: DemoConfig, outcomes: readonly Outcome[]): Section {
  const limit = HIDDEN * 2 * config.lr;
  const bounded =
    config.own.activation === 'tanh'
      ? ` With all ${HIDDEN} tanh units saturated ‖h‖² is ${HIDDEN}, and 2 · ${config.lr} · ${HIDDEN} = ${formatNumber(limit)}: at this rate ${limit > 2 ? 'saturation is enough to diverge' : 'not even full saturation can make the output layer diverge'}, whatever ρ is.`
      : '';
  return {
    heading: 'Second act: is the output layer stable?',
    paragraphs: [
      `The loss is quadratic in the output weights, and its curvature along the last hidden state h is 2·‖h‖². Gradient descent on a quadratic diverges when rate times curvature exceeds 2, so the line to watch is 2·lr·‖h‖².${bounded}`,
      outcomes.map((outcome) => actOf(config, outcome)).join(' '),
      'An explosion seen here is one in two acts, and the spectral norm is only the first: it makes the large gradient, the learning rate makes it fatal. `--rho 0.7` takes the first act away, `--lr 0.02` the second; run either and see.',
    ],
    figures: [
      {
        kind: 'lines',
        title: 'Stability of the output layer.',
        caption:
          '2·lr·‖h‖² of the last hidden state, mean over the batch; above 2 the output weights diverge.',
        x: { label: 'training step' },
        y: { label: '2·lr·‖h‖²', max: 20 },
        series: outcomes.map((outcome) => stabilitySeries(config, outcome)),
        levels: [{ label: 'limit 2', y: 2 }],
      },
    ],
  };
}

function actOf(config: DemoConfig, outcome: Outcome): string {
  const values = stabilityOf(config, outcome);
  const peak = Math.max(...values);
  const { divergence } = outcome.result;
  const fate = divergence ? `and was not finite at step ${divergence.step}` : 'and stayed finite';
  if (peak <= 2) return `Under \`${outcome.spec.text}\` it never exceeded ${formatNumber(peak)}, ${fate}.`;
  const crossed = values.findIndex((value) => value > 2);
  return `Under \`${outcome.spec.text}\` it crossed 2 at step ${crossed} and peaked at ${formatNumber(peak)}, ${fate}.`;
}

function stabilitySeries(config: DemoConfig, outcome: Outcome) {
  const y = stabilityOf(config, outcome);
  const { divergence } = outcome.result;
  const ends = divergence ? `diverged at step ${divergence.step}` : undefined;
  return { label: outcome.spec.text, x: y.map((_, step) => step), y, ends };
}
