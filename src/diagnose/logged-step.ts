/** One step as anyone's log has it, separate from our own records: advice and diagnosis read runs of any library. */

import { checkObject } from '../tensor/arguments.js';
import type { StepRecord } from '../train/record.js';

/** One step of a run, as a log has it; what the log does not tell is left out. */
export interface LoggedStep {
  readonly step: number;
  readonly loss?: number;
  /** Total gradient norm before clipping. */
  readonly norm?: number;
  /** Total gradient norm after clipping: what the optimizer saw. */
  readonly normAfter?: number;
  /** Whether clipping changed the gradients. */
  readonly clipped?: boolean;
  readonly lr?: number;
  /** Which batch it was: the same name each time the same examples came. */
  readonly batch?: number | string;
  /** Gradient norm of each parameter before clipping, by name, the parameters nearest to the input first. */
  readonly norms?: Readonly<Record<string, number>>;
}

/** Our own record of a step as a log has it; `batch` says which batch it was, where that is known. */
export function loggedStep(record: StepRecord, batch?: number | string): LoggedStep {
  checkObject('loggedStep', 'the record', record, 'a record of train, or what step() returns');
  const { step, loss, normBefore, normAfter, clipped, lr, norms } = record;
  const logged: LoggedStep = { step, loss, norm: normBefore, normAfter, clipped, lr, norms };
  return batch === undefined ? logged : { ...logged, batch };
}
