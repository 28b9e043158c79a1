/**
 * What the latch shows, in words and figures written from the measurements of the run at hand: under other options
 * the story is another one, and is told as it went.
 */

import { formatNumber, formatPercent, type Section } from '../../src/report/index.js';
import type { DemoConfig, Outcome } from '../demo.js';
import { startUnder, tellDivergence, tellRuns } from '../tell.js';
import {
  type FirstGradients,
  firstGradients,
  growthOf,
  HIDDEN,
  type LatchTraining,
  STEPS,
  startLatch,
} from './model.js';

/** A run ends here or below: the sign is remembered. Guessing 0 gives a loss of 1. */
const LEARNED = 0.05;
/** Between these a run does as well as guessing, and has learned nothing worth the name. */
const GUESSES = [0.8, 1.25] as const;
/** A run that ends above is no guess gone wrong, but on its way out. */
const FAR_WORSE = 10;
/** Spectral norms whose first gradients the report compares. */
const COMPARED = [0.7, 1, 1.2] as const;
/** First time steps, in which the states are still small and tanh passes most of what it gets. */
const EARLY = 8;

/** What became of every run, in a sentence each. */
export function latchVerdict(config: DemoConfig, outcomes: readonly Outcome[]): string {
  return tellRuns(config, outcomes, 'the network', (outcome) => fateOf(config, outcome));
}

/** Whether a run remembers the sign. */
export function hasLearned({ summary }: Outcome): boolean {
  return summary.finalLoss < LEARNED;
}

function fateOf(config: DemoConfig, outcome: Outcome): string {
  const told = tellDivergence(outcome);
  if (told) {
    const peak = peakOf(config, outcome);
    return isPlain(config) && peak > 2
      ? `${told}; 2·lr·‖h‖² had reached ${formatNumber(peak)}, and the output layer is sure to be stable only up to 2`
      : told;
  }
  const { finalLoss } = outcome.summary;
  return `${outcomeOf(finalLoss)} (loss ${formatNumber(finalLoss)}; guessing gives 1)`;
}

function outcomeOf(loss: number): string {
  if (loss < LEARNED) return 'learned to remember the sign';
  if (loss < GUESSES[0]) return 'has not learned it yet';
  if (loss <= GUESSES[1]) return 'stayed finite and learned nothing';
  return `stayed finite and is ${loss > FAR_WORSE ? 'far ' : ''}worse than guessing`;
}

/** Whether a step is rate times gradient, which is what the limit of 2 is about. */
function isPlain({ optimizer }: DemoConfig): boolean {
  return optimizer === 'sgd';
}

/**
 * 2·lr·‖h_T‖² by step, as far as it was finite: the rate times a bound on the curvature of the loss in the output
 * weights. Under an optimizer with a rate of its own for every weight, ‖h_T‖² alone.
 */
function stabilityOf(config: DemoConfig, { training }: Outcome): number[] {
  const squares = (training as LatchTraining).squaredStates.filter(Number.isFinite);
  return isPlain(config) ? squares.map((square) => 2 * config.lr * square) : squares;
}

function peakOf(config: DemoConfig, outcome: Outcome): number {
  return stabilityOf(config, outcome).reduce((a, b) => Math.max(a, b), 0);
}

/** The two acts, each with its figure. */
export function latchSections(config: DemoConfig, outcomes: readonly Outcome[]): Section[] {
  return [gradientSection(config, outcomes), stabilitySection(config, outcomes)];
}

interface Compared extends FirstGradients {
  readonly rho: number;
}

function gradientSection(config: DemoConfig, outcomes: readonly Outcome[]): Section {
  const own = Number(config.own.rho);
  const rhos = [...new Set([...COMPARED, own])].sort((a, b) => a - b);
  const measured = rhos.map((rho): Compared => ({ rho, ...firstGradients(startLatch(config, rho)) }));
  const { hidden } = measured.find(({ rho }) => rho === own)!;
  return {
    heading: 'First act: the gradient on its way back',
    place: 'before',
    paragraphs: [
      `On its way back through time the gradient of the hidden state passes the recurrent matrix once a step, which makes it ρ times as long, and the slope of each unit, which never makes it longer. So ρ bounds the growth: by at most ρ a step, by at most ρ^(T−t) from the last time step T = ${STEPS} down to t. ${lawOf(config, hidden)}`,
      firstStep(config, outcomes, measured),
    ],
    figures: [gradientFigure(measured)],
  };
}

function gradientFigure(measured: readonly Compared[]): Section['figures'][number] {
  const times = Array.from({ length: STEPS }, (_, t) => t + 1);
  return {
    kind: 'lines',
    title: 'Gradient of the hidden state at step 0, along time',
    caption:
      'Norm of ∂L/∂hₜ over the batch, before any update; time runs to the right, the gradient to the left. Dashed: what ρ^(T−t) allows.',
    x: { label: 'time step t', symbol: 't' },
    y: { label: '‖∂L/∂hₜ‖', scale: 'log' },
    series: measured.flatMap(({ rho, hidden }, style) => [
      { label: `ρ = ${rho}`, x: times, y: hidden, style },
      {
        label: `bound for ρ = ${rho}`,
        x: times,
        y: times.map((t) => hidden[STEPS - 1] * rho ** (STEPS - t)),
        reference: true,
        style,
      },
    ]),
  };
}

/** What the bound promises, and what was measured. */
function lawOf({ own }: DemoConfig, norms: readonly number[]): string {
  const rho = Number(own.rho);
  const hops = STEPS - 1;
  const { min, mean, max } = growthOf(norms);
  const whole = norms[0] / norms[hops];
  if (!Number.isFinite(whole)) return 'Here no finite gradient comes to the last time step.';
  if (norms[0] === 0) return `Here, with ρ = ${rho}, nothing of it arrives at t = 1.`;
  if (own.activation === 'identity') {
    return `Without a nonlinearity the bound is the law: it grows by ${min.toFixed(6)} to ${max.toFixed(6)} a step, and ρ is ${rho}.`;
  }
  const allowed = `With ρ = ${rho} that is ×${formatNumber(rho ** hops)} over ${hops} steps; measured is ×${formatNumber(whole)}, a mean of ×${mean.toFixed(3)} a step.`;
  if (mean > 0.97 * rho) return `${allowed} The units pass nearly all they get.`;
  if (own.activation === 'relu') return `${allowed} Inactive units pass nothing.`;
  const early = (norms[0] / norms[EARLY]) ** (1 / EARLY);
  const late = (norms[EARLY] / norms[hops]) ** (1 / (hops - EARLY));
  const saturated = `${allowed} Units near saturation pass little of what they get`;
  if (early < 1.05 * late) return `${saturated}.`;
  return `${saturated}: the gradient grows by ×${early.toFixed(2)} a step between t = ${EARLY + 1} and t = 1, where the states are still small, and by ×${late.toFixed(2)} a step on its way there from t = ${STEPS}.`;
}

/** How large the first gradient was, whose, and what it would be for another ρ. */
function firstStep(config: DemoConfig, outcomes: readonly Outcome[], measured: readonly Compared[]): string {
  const totals = measured.map(({ rho, total }) => {
    return `${Number.isFinite(total) ? formatNumber(total, 2) : 'none that is finite'} for ρ = ${rho}`;
  });
  const compared = `The first gradient of all parameters together has norm ${totals.slice(0, -1).join(', ')} and ${totals[totals.length - 1]}, from the same seed.`;
  const first = outcomes[0]?.result.records[0];
  if (!first || !(first.normBefore > 0) || !Number.isFinite(first.normBefore)) return compared;
  const share = (first.norms['rnn.weightHh'] / first.normBefore) ** 2;
  const length = isPlain(config)
    ? ` Without clipping, rate times norm is the length of the first update: ${formatNumber(config.lr * first.normBefore)}.`
    : '';
  return `${compared} In these runs (ρ = ${config.own.rho}) \`rnn.weightHh\` alone has ${formatPercent(share)} of its square.${length}`;
}

function stabilitySection(config: DemoConfig, outcomes: readonly Outcome[]): Section {
  const plain = isPlain(config);
  const quantity = plain ? '2·lr·‖h‖²' : '‖h‖²';
  return {
    heading: plain ? 'Second act: is the output layer stable?' : 'Second act: how large the states become',
    paragraphs: [
      plain ? limitText(config) : noLimitText(),
      outcomes.map((outcome) => actOf(config, outcome)).join(' '),
      ...(plain ? [crossedText(config, outcomes), endText(config, outcomes)].filter(Boolean) : []),
    ],
    figures: [
      {
        kind: 'lines',
        title: plain ? 'Stability of the output layer' : 'Size of the last hidden state',
        caption: `${quantity} of the last hidden state, mean over the batch${plain ? '; up to 2 the output layer is stable' : ''}.`,
        x: { label: 'training step', whole: true },
        y: { label: quantity, ...(plain && { max: 20 }) },
        series: outcomes.map((outcome) => stabilitySeries(config, outcome)),
        levels: plain ? [{ label: 'limit 2', y: 2 }] : [],
      },
    ],
  };
}

function limitText({ lr, own }: DemoConfig): string {
  const limit = HIDDEN * 2 * lr;
  const bounded =
    own.activation === 'tanh'
      ? ` With all ${HIDDEN} tanh units saturated ‖h‖² is ${HIDDEN}, and 2 · ${lr} · ${HIDDEN} = ${formatNumber(limit)}: at this rate ${limit > 2 ? 'saturation can make the output layer diverge' : 'not even full saturation can make the output layer diverge'}, whatever ρ is.`
      : '';
  return `For given states the loss is quadratic in the output weights, and its curvature along any direction is at most 2·‖h‖², the mean over the batch; it comes near that when the states lie along one line. Plain gradient descent on a quadratic diverges when rate times curvature exceeds 2, so the line to watch is 2·lr·‖h‖².${bounded}`;
}

function noLimitText(): string {
  return 'Under plain gradient descent the output layer could diverge once 2·lr·‖h‖² exceeds 2. Adam divides every gradient by its own running size, so that limit does not apply here, and only the measurement is left: ‖h‖² of the last hidden state, mean over the batch.';
}

function actOf(config: DemoConfig, outcome: Outcome): string {
  const { result, spec } = outcome;
  const values = stabilityOf(config, outcome);
  const peak = formatNumber(peakOf(config, outcome));
  const fate = result.divergence
    ? `and the run was not finite at step ${result.divergence.step}`
    : 'and the run stayed finite';
  if (values.length === 0) return `${startUnder(spec.text)} the states were not finite from the start.`;
  const crossed = isPlain(config) ? values.findIndex((value) => value > 2) : -1;
  if (crossed < 0) return `${startUnder(spec.text)} it reached ${peak} at most, ${fate}.`;
  return `${startUnder(spec.text)} it exceeded 2 at step ${crossed} and reached ${peak}, ${fate}.`;
}

/** Why runs that crossed the limit may have stayed finite, and why one may diverge below it. */
function crossedText(config: DemoConfig, outcomes: readonly Outcome[]): string {
  const crossed = (outcome: Outcome) => peakOf(config, outcome) > 2;
  const survived = outcomes.filter((outcome) => crossed(outcome) && !outcome.summary.diverged);
  const lost = outcomes.filter((outcome) => !crossed(outcome) && outcome.summary.diverged);
  const words: string[] = [];
  if (survived.length > 0) {
    words.push(
      'To exceed 2 and stay finite is no contradiction: it is a bound, the states move on, and a clipped step is shorter than rate times gradient.',
    );
  }
  if (lost.length > 0)
    words.push('What diverged without exceeding 2 did not diverge by its output layer alone.');
  return words.join(' ');
}

function endText(config: DemoConfig, outcomes: readonly Outcome[]): string {
  const hint =
    'At the defaults (ρ = 1.2, a rate of 0.1) both acts come together; from there `--rho 0.7` takes the first away, and `--lr 0.02` the second.';
  const fell = outcomes.some(({ summary }) => summary.diverged);
  if (!fell) return `No run diverged here. ${hint}`;
  const both = outcomes.some((outcome) => outcome.summary.diverged && peakOf(config, outcome) > 2);
  if (!both) return '';
  if (Number(config.own.rho) <= 1) return `So it takes no ρ above 1: the rate alone was enough. ${hint}`;
  return `So the spectral norm is not the whole explosion: it is the first act, which makes a gradient large, and the learning rate is the second. ${hint} Where ρ alone decides, sharply at 1, is what \`tamegrad demo spectrum\` shows.`;
}

function stabilitySeries(config: DemoConfig, outcome: Outcome) {
  const y = stabilityOf(config, outcome);
  const { divergence } = outcome.result;
  const ends = divergence ? `diverged at step ${divergence.step}` : undefined;
  return { label: outcome.spec.text, x: y.map((_, step) => step), y, ends };
}
