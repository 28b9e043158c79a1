/** Public surface of the schedules: functions of the count of updates, for learning rates and clip thresholds alike. */

export { inSequence, productOfSchedules } from './combine.js';
export {
  type CosineDecayOptions,
  type CosineRestartsOptions,
  cosineDecay,
  cosineRestarts,
  type OneCycleOptions,
  oneCycle,
} from './cosine.js';
export {
  type DecayOptions,
  exponentialDecay,
  type MultiStepDecayOptions,
  multiStepDecay,
  type StepDecayOptions,
  stepDecay,
} from './decay.js';
export { constantSchedule, type LinearRampOptions, linearRamp } from './linear.js';
export {
  type PlateauSchedule,
  type PlateauState,
  type ReduceOnPlateauOptions,
  reduceOnPlateau,
} from './plateau.js';
