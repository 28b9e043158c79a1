/** The list of experiments, in the order of the claims. A new one is one file and its line here. */

import type { Experiment } from './experiment.js';
import { cliff } from './growth/cliff.js';
import { depth } from './growth/depth.js';
import { eigenvalueOrNorm } from './growth/eigenvalue-or-norm.js';
import { hundredSteps } from './growth/hundred-steps.js';
import { initialization } from './growth/initialization.js';
import { nanLosses } from './growth/nan-losses.js';
import { residualAndNorm } from './growth/residual-and-norm.js';
import { spectralNormDecides } from './growth/spectral-norm-decides.js';
import { tanhRnnInputs } from './growth/tanh-rnn-inputs.js';
import { updateMagnitude } from './growth/update-magnitude.js';
import { clipCost } from './mechanism/clip-cost.js';
import { directionKept } from './mechanism/direction-kept.js';
import { globalNormExactly } from './mechanism/global-norm-exactly.js';
import { identityBelow } from './mechanism/identity-below.js';
import { infinityNorm } from './mechanism/infinity-norm.js';
import { layersPreserved } from './mechanism/layers-preserved.js';
import { nanGuard } from './mechanism/nan-guard.js';
import { stepBound } from './mechanism/step-bound.js';
import { towardTheSmaller } from './mechanism/toward-the-smaller.js';
import { valueClipDirection } from './mechanism/value-clip-direction.js';
import { valueClipDownhill } from './mechanism/value-clip-downhill.js';
import { valueLimitAboveNorm } from './mechanism/value-limit-above-norm.js';
import { adamAfterASpike } from './plumbing/adam-after-a-spike.js';
import { afterTheReduce } from './plumbing/after-the-reduce.js';
import { clipRateAlarm } from './plumbing/clip-rate-alarm.js';
import { diagnosis } from './plumbing/diagnosis.js';
import { everyLargeModel } from './plumbing/every-large-model.js';
import { largeAtFirst } from './plumbing/large-at-first.js';
import { largeBatch } from './plumbing/large-batch.js';
import { lowRates } from './plumbing/low-rates.js';
import { normsByOptimizer } from './plumbing/norms-by-optimizer.js';
import { tenthOfTheRate } from './plumbing/tenth-of-the-rate.js';
import { unscaledGradient } from './plumbing/unscaled-gradient.js';
import { weightDecay } from './plumbing/weight-decay.js';
import { curesTheExplosion } from './rescue/cures-the-explosion.js';
import { nearlyMandatory } from './rescue/nearly-mandatory.js';
import { oneEnormousStep } from './rescue/one-enormous-step.js';
import { optimizationImprovement } from './rescue/optimization-improvement.js';
import { pointsDownhill } from './rescue/points-downhill.js';
import { shallowNetwork } from './rescue/shallow-network.js';
import { surviveIsNotLearn } from './rescue/survive-is-not-learn.js';
import { tooSmall } from './rescue/too-small.js';
import { commonDefault } from './threshold/common-default.js';
import { fixedPointBias } from './threshold/fixed-point-bias.js';
import { halfToTenTimes } from './threshold/half-to-ten-times.js';
import { healthyRate } from './threshold/healthy-rate.js';
import { medianHalves } from './threshold/median-halves.js';
import { ninetiethPercentile } from './threshold/ninetieth-percentile.js';
import { normsDecrease } from './threshold/norms-decrease.js';
import { rateAndThreshold } from './threshold/rate-and-threshold.js';
import { stepLengthLost } from './threshold/step-length-lost.js';

/** Every experiment. */
export const experiments: readonly Experiment[] = [
  hundredSteps,
  eigenvalueOrNorm,
  tanhRnnInputs,
  depth,
  initialization,
  updateMagnitude,
  nanLosses,
  cliff,
  identityBelow,
  directionKept,
  globalNormExactly,
  valueClipDirection,
  valueClipDownhill,
  towardTheSmaller,
  layersPreserved,
  valueLimitAboveNorm,
  infinityNorm,
  nanGuard,
  clipCost,
  stepBound,
  oneEnormousStep,
  nearlyMandatory,
  surviveIsNotLearn,
  pointsDownhill,
  tooSmall,
  shallowNetwork,
  optimizationImprovement,
  healthyRate,
  fixedPointBias,
  stepLengthLost,
  ninetiethPercentile,
  medianHalves,
  normsDecrease,
  rateAndThreshold,
  commonDefault,
  halfToTenTimes,
  tenthOfTheRate,
  adamAfterASpike,
  normsByOptimizer,
  diagnosis,
  afterTheReduce,
  unscaledGradient,
  weightDecay,
  largeBatch,
  lowRates,
  clipRateAlarm,
  largeAtFirst,
  everyLargeModel,
  spectralNormDecides,
  curesTheExplosion,
  residualAndNorm,
];

/** The experiment of that number. Throws an Error if no experiment has it. */
export function experimentOf(number: number): Experiment {
  const found = experiments.find((experiment) => experiment.number === number);
  if (!found) throw new Error(`experiment: no experiment has the number ${number}`);
  return found;
}
