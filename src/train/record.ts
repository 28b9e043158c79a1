/**
 * What a training run leaves behind: one record a step, and the summary of a run. These are plain data,
 * separate from the loop that fills them, because logs, charts, tables and reports all read them.
 */

/** One training step. Norms are 2-norms of the gradients, in the loss's units per parameter unit. */
export interface StepRecord {
  /** 0-based. */
  readonly step: number;
  /** Of an optimizer that accumulates, the mean over its micro-batches. */
  readonly loss: number;
  /** Total gradient norm before the hooks ran. */
  readonly normBefore: number;
  /** Total gradient norm after the hooks ran: what the optimizer saw. */
  readonly normAfter: number;
  /** normAfter / normBefore; 1 where no hook changed the gradients. */
  readonly scale: number;
  /** Whether any hook changed the gradients. */
  readonly clipped: boolean;
  /** Gradient norm of each parameter before the hooks ran, by parameter name. */
  readonly norms: Readonly<Record<string, number>>;
  /** Learning rate of the first parameter group. */
  readonly lr: number;
  /** Why the update was skipped, or null. */
  readonly skipped: string | null;
}

/** The first non-finite number of a run: where it stood and when it came. */
export interface Divergence {
  readonly step: number;
  readonly what: 'loss' | 'gradient' | 'parameter';
  /** Names of the parameters whose gradient (or value) was not finite; empty where the loss alone was not. */
  readonly names: readonly string[];
  /** Name of the parameter with the largest gradient at that step, one that is not finite before all others. */
  readonly largest: string;
}
