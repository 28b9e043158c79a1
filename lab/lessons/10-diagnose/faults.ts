/** What may be wrong with a run, as page and worker call it: the causes that `diagnose` names. */

/** Each fault and what the reader is asked. */
export const FAULTS = {
  healthy: 'nothing is wrong',
  'learning-rate': 'the learning rate is too large',
  data: 'single batches are spoilt',
  numerics: 'the arithmetic overflows',
  conditioning: 'the model is out of scale from the start',
} as const;

export type Fault = keyof typeof FAULTS;

/** Runs that are to be told apart. */
export const RUNS = 4;
