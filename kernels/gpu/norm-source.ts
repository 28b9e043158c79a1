/*
 * The text of the norm kernels. Separate, and text rather than functions, because gpu.js compiles a kernel from its
 * source: a function's source is whatever the minifier, the coverage tool or the TypeScript runner left of it, and most
 * of what they do breaks it; a string arrives byte for byte.
 */

/**
 * What a kernel accumulates over a segment: |v|^p for the exponent named, |v|^q for an exponent passed as an argument
 * ('any'), or the largest |v| ('max').
 */
export type Term = '0.5' | '1' | '1.5' | '2' | '3' | '4' | 'any' | 'max';

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

/** Written without pow where a product or a square root will do: in WebAssembly pow is a call out to JavaScript. */
const magnitudes: Record<Term, (v: string) => string> = {
  '0.5': (v) => `Math.sqrt(Math.abs(${v}))`,
  '1': (v) => `Math.abs(${v})`,
  '1.5': (v) => `Math.abs(${v}) * Math.sqrt(Math.abs(${v}))`,
  '2': (v) => `${v} * ${v}`,
  '3': (v) => `Math.abs(${v}) * (${v} * ${v})`,
  '4': (v) => `(${v} * ${v}) * (${v} * ${v})`,
  any: (v) => `Math.pow(Math.abs(${v}), q)`,
  max: (v) => `Math.abs(${v})`,
};

/** The term that computes the p-norm. */
export function termFor(p: number): Term {
  const name = String(p);
  if (p === Infinity) return 'max';
  return Object.hasOwn(magnitudes, name) ? (name as Term) : 'any';
}

/** The kernel's arguments, in the order it takes them, with the types gpu.js has to know. */
export function kernelArguments({
  term,
  scaled,
  dialect,
}: KernelSpec): Record<string, 'Array' | 'Integer' | 'Float'> {
  return {
    x: 'Array',
    ...(dialect === 'cursor' ? { i: 'Integer', e: 'Integer', j: 'Integer' } : {}),
    ...(term === 'any' ? { q: 'Float' } : {}),
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
