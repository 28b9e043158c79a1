/*
 * The kernels of whole recurrent sequences as TypeScript sees them; the conventions are those of kernels.ts. Sequences are
 * [steps, batch, width], contiguous. Each call works on rows start ≤ i < end of the batch, and a thread needs a scratch
 * of its own.
 */

/** Byte address in the kernels' memory. */
export type Address = number;

/** RNN, LSTM and GRU, forward and backward. */
export interface RecurrentKernels {
  /** Bytes of scratch of the two recurrent kernels (W, packed). */
  recurrentScratchBytes(hidden: number): number;
  /**
   * h_t = f(pre_t + h_(t−1) · Wᵀ) for all steps: `h` [steps, batch, hidden] holds pre and becomes every h_t. `h0`
   * [batch, hidden] may be 0 (zeros). `w` [hidden, hidden] has a row per output unit. Rows start ≤ i < end of the batch.
   */
  recurrentForward(
    h: Address,
    h0: Address,
    w: Address,
    steps: number,
    batch: number,
    hidden: number,
    start: number,
    end: number,
    activation: number,
    scratch: Address,
  ): void;
  /**
   * dh[t] = ∂L/∂h_t and dpre[t] = ∂L/∂pre_t for every t. `upstream` is what reaches h_t from outside the recurrence:
   * [steps, batch, hidden] (may be `dh`), or with `lastOnly` 1 that of the last step, [batch, hidden]. Weight gradients
   * are matmuls over all steps afterwards: ∂W = Σ_t dpre_tᵀ · h_(t−1), ∂b the column sums of dpre; ∂h0 = dpre_0 · W.
   */
  recurrentBackward(
    dh: Address,
    dpre: Address,
    upstream: Address,
    lastOnly: number,
    h: Address,
    w: Address,
    steps: number,
    batch: number,
    hidden: number,
    start: number,
    end: number,
    activation: number,
    scratch: Address,
  ): void;

  /** Bytes of scratch of the two LSTM kernels. */
  lstmScratchBytes(hidden: number): number;
  /**
   * `gates` [steps, batch, 4 · hidden] holds x_t · W_ihᵀ + b and becomes i, f, g, o of every step; writes every c_t
   * (`cells`) and h_t. `w` is [4 · hidden, hidden], `h0` and `c0` are [batch, hidden].
   */
  // biome-ignore format: a kernel's arguments, in a few rows
  lstmForward(
    gates: Address, cells: Address, h: Address, h0: Address, c0: Address, w: Address,
    steps: number, batch: number, hidden: number, start: number, end: number, scratch: Address,
  ): void;
  /**
   * dh[t] = ∂L/∂h_t and dpre[t], the gradient of the sums under the gates, for every t. `upstream` and `lastOnly` as in
   * recurrentBackward; `dc` [batch, hidden] holds what reaches the last cells and becomes ∂L/∂c0. Weight gradients are
   * matmuls over all steps afterwards.
   */
  // biome-ignore format: a kernel's arguments, in a few rows
  lstmBackward(
    dh: Address, dpre: Address, dc: Address, upstream: Address, lastOnly: number,
    gates: Address, cells: Address, c0: Address, w: Address,
    steps: number, batch: number, hidden: number, start: number, end: number, scratch: Address,
  ): void;

  /** Bytes of scratch of the two GRU kernels. */
  gruScratchBytes(hidden: number): number;
  /**
   * `gates` [steps, batch, 3 · hidden] holds x_t · W_ihᵀ + b, for r and z with both biases, and becomes r, z, n of every
   * step; writes `inner` = h_(t−1) · W_hnᵀ + innerBias and every h_t. `w` is [3 · hidden, hidden], `h0` [batch, hidden].
   */
  // biome-ignore format: a kernel's arguments, in a few rows
  gruForward(
    gates: Address, inner: Address, h: Address, h0: Address, w: Address, innerBias: Address,
    steps: number, batch: number, hidden: number, start: number, end: number, scratch: Address,
  ): void;
  /**
   * dh[t] = ∂L/∂h_t, and the gradients of x's and of h's sums under the gates, [steps, batch, 3 · hidden]: they differ in
   * n, where r gates the second. `upstream` and `lastOnly` as in recurrentBackward. ∂h0 = dh_0 ∘ z_0 + dhidden_0 · W.
   */
  // biome-ignore format: a kernel's arguments, in a few rows
  gruBackward(
    dh: Address, dinput: Address, dhidden: Address, upstream: Address, lastOnly: number,
    gates: Address, inner: Address, h: Address, h0: Address, w: Address,
    steps: number, batch: number, hidden: number, start: number, end: number, scratch: Address,
  ): void;
}
