/*
 * The text of the norm kernels. Separate, and text rather than functions, because gpu.js compiles a kernel from its
 * source: a function's source is whatever the minifier, the coverage tool or the TypeScript runner left of it, and most
 * of what they do breaks it; a string arrives byte for byte.
 */

/** What a kernel accumulates over a segment: |v|^p for the exponent named, or the largest |v| ('max'). */
export type Term = '0.5' | '1' | '1.5' | '2' | '3' | '4' | 'max';

/**
 * How the segment is walked. 'cursor': integer arguments serve as loop variables, the only integers gpu.js keeps
 * integer in WebAssembly (2 to 3 times faster than float ones). 'portable': local loop variables, for WGSL, where
 * arguments cannot be written.
 */
export type Dialect = 'cursor' | 'portable';

/** One norm kernel. `scaled` multiplies each element by the two factors that the argument w holds for its segment. */
export interface KernelSpec {
  readonly term: Term;
  readonly scaled: boolean;
  readonly dialect: Dialect;
}

/** Elements added up before the sum joins the total of the segment: 8 + 3 + 16 roundings for 1,024 elements, not 131. */
const SUM_RUN = 64;
/** A maximum rounds nothing, and starting anew each run would cost it a mispredicted branch for every few elements. */
const MAX_RUN = 1024;
const LANES = [0, 1, 2, 3, 4, 5, 6, 7];

/**
 * Powers that products and square roots make. There is no kernel for others: in WebAssembly pow is a call out to
 * JavaScript, 80 times slower, and its last bit is the engine's own.
 */
const magnitudes: Record<Term, (v: string) => string> = {
  '0.5': (v) => `Math.sqrt(Math.abs(${v}))`,
  '1': (v) => `Math.abs(${v})`,
  '1.5': (v) => `Math.abs(${v}) * Math.sqrt(Math.abs(${v}))`,
  '2': (v) => `${v} * ${v}`,
  '3': (v) => `Math.abs(${v}) * (${v} * ${v})`,
  '4': (v) => `(${v} * ${v}) * (${v} * ${v})`,
  max: (v) => `Math.abs(${v})`,
};

/** Whether a kernel computes the p-norm. */
export function hasKernel(p: number): boolean {
  return p === Infinity || Object.hasOwn(magnitudes, String(p));
}

/** The term that computes the p-norm, one that a kernel computes. */
export function termFor(p: number): Term {
  return p === Infinity ? 'max' : (String(p) as Term);
}

/** The kernel's arguments, in the order it takes them, with the types gpu.js has to know. */
export function kernelArguments({ scaled, dialect }: KernelSpec): Record<string, 'Array' | 'Integer'> {
  return {
    x: 'Array',
    ...(dialect === 'cursor' ? { i: 'Integer', e: 'Integer', j: 'Integer' } : {}),
    ...(scaled ? { w: 'Array' } : {}),
  };
}

/** The source of a kernel with output [1, segments] and the segment table as its constant `seg`. */
export function kernelSource(spec: KernelSpec): string {
  const names = Object.keys(kernelArguments(spec)).join(', ');
  const factors = spec.scaled ? 'const c = w[this.thread.y * 2]; const d = w[this.thread.y * 2 + 1];' : '';
  const loop = spec.dialect === 'cursor' ? cursorLoop(spec) : portableLoop(spec);
  return `function(${names}) { let t = 0.0; ${factors} ${loop} return t; }`;
}

// `| 0` is what makes GLSL accept the assignment, and the cpu device twice as fast.
function cursorLoop(spec: KernelSpec): string {
  return `i = (this.constants.seg[this.thread.y * 2] * 8) | 0;
  e = (this.constants.seg[this.thread.y * 2 + 1] * 8) | 0;
  for (; i < e;) {
    ${declareLanes()}
    j = i + ${runOf(spec)};
    if (j > e) { j = e; }
    for (; i < j; i += 8) { ${eachLane(spec, 'i')} }
    ${joinLanes(spec)}
  }`;
}

function portableLoop(spec: KernelSpec): string {
  return `const a = this.constants.seg[this.thread.y * 2] * 8;
  const n = this.constants.seg[this.thread.y * 2 + 1] * 8 - a;
  for (let b = 0; b < n; b += ${runOf(spec)}) {
    ${declareLanes()}
    const m = Math.min(n - b, ${runOf(spec)});
    for (let k = 0; k < m; k += 8) { ${eachLane(spec, 'a + b + k')} }
    ${joinLanes(spec)}
  }`;
}

function runOf({ term }: KernelSpec): number {
  return term === 'max' ? MAX_RUN : SUM_RUN;
}

function declareLanes(): string {
  return LANES.map((lane) => `let s${lane} = 0.0;`).join(' ');
}

function eachLane({ term, scaled }: KernelSpec, index: string): string {
  return LANES.map((lane) => {
    const value = scaled ? `x[${index} + ${lane}] * c * d` : `x[${index} + ${lane}]`;
    const sum = accumulate(term, `s${lane}`, magnitudes[term](`v${lane}`));
    return `const v${lane} = ${value}; s${lane} = ${sum};`;
  }).join(' ');
}

function joinLanes({ term }: KernelSpec): string {
  const join = (left: string, right: string): string => accumulate(term, left, right);
  const fours = [0, 4].map((k) => join(join(`s${k}`, `s${k + 1}`), join(`s${k + 2}`, `s${k + 3}`)));
  return `t = ${join('t', join(fours[0], fours[1]))};`;
}

function accumulate(term: Term, left: string, right: string): string {
  return term === 'max' ? `Math.max(${left}, ${right})` : `(${left} + ${right})`;
}
