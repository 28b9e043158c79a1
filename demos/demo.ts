/**
 * What a demo is: a network, its data and its story. The comparison that runs it (compare.ts), the command line and
 * the views know no demo; a new one is one file and one line in index.ts.
 */

import type { ClipSpec, Module, RunSummary, StepRecord, TrainResult, Variable } from '../src/index.js';
import type { Section } from '../src/report/index.js';

/** Settings of one run of a demo; the same under every clip spec. */
export interface DemoConfig {
  readonly seed: number;
  readonly steps: number;
  readonly lr: number;
  readonly optimizer: OptimizerName;
  readonly backend: string;
  /** Clip specs, one run each. */
  readonly clips: readonly string[];
  /** The demo's own options, by name. */
  readonly own: Readonly<Record<string, string | number>>;
}

/** Optimizers a demo can be run with. */
export const optimizerNames = ['sgd', 'adam', 'adamw', 'rmsprop', 'adagrad'] as const;

/** One of them. */
export type OptimizerName = (typeof optimizerNames)[number];

/** An option of one demo: a number by default, or one of some words. */
export interface DemoOption {
  readonly name: string;
  /** Placeholder in the help: `--rho <number>`. */
  readonly value: string;
  readonly description: string;
  readonly default: string | number;
  /**
   * Takes several numbers in one word, which this reads: null where the text is wrong. The configuration holds them
   * as one word, with commas between.
   */
  readonly several?: {
    parse(text: string): readonly number[] | null;
    /** What it takes, in words that follow "It must be". */
    readonly form: string;
    /** The default as somebody would write it. */
    readonly standard: string;
  };
  /** The words allowed; a number in `range` where left out. */
  readonly choices?: readonly string[];
  readonly range?: readonly [low: number, high: number];
  readonly integer?: boolean;
}

/** What a demo measured of a run, by name; null where the run left nothing to measure. */
export type Measured = Readonly<Record<string, number | null>>;

/** One training, ready to start: always from the same weights and the same data for a seed. */
export interface Training<Batch = unknown> {
  readonly model: Module;
  readonly batches: Iterable<Batch>;
  /** The loss of a batch, one element. */
  loss(batch: Batch, step: number): Variable;
  /** Measured after training, added to the run's entry in JSON and table: test accuracy and the like. */
  measure?(): Measured;
  /** Recorded while it trained, by name: for the figures of a study. */
  readonly traces?: Readonly<Record<string, readonly (number | null)[]>>;
}

/** One clip spec's training and what came of it; of the one set beside them, `spec.text` is the label. */
export interface Outcome {
  readonly spec: ClipSpec;
  readonly training: Training;
  readonly result: TrainResult;
  readonly summary: RunSummary;
  /** SHA-256 over the bytes of all parameters at the end: equal digests, equal bits. */
  readonly digest: string;
  readonly measured: Measured;
}

/** A demo set up for a configuration. */
export interface Setup {
  start(): Training;
  /** One more training to set beside the others, under the last clip spec: what it is called, and how it starts. */
  readonly beside?: { readonly label: string; start(): Training };
  /** One honest sentence a run on what happened. */
  verdict(outcomes: readonly Outcome[]): string;
  /** Whether a run that stayed finite also learned what the demo is about. */
  succeeded(outcome: Outcome): boolean;
  /** Figures and text that only this demo has, for the report. */
  sections?(outcomes: readonly Outcome[]): readonly Section[];
  /** Measurements of the set-up itself, for JSON. */
  measurements?(): Readonly<Record<string, unknown>>;
  /** What the terminal prints before the verdict: a sample of what was learned, or where to go on. */
  epilogue?(outcomes: readonly Outcome[]): string;
}

/** One training of a study: plain data, so that any thread can run it. */
export interface StudyTask {
  /** The demo whose network it trains. */
  readonly demo: string;
  /** What a progress bar says of it. */
  readonly label: string;
  /** Of one training: one clip spec, one value of every option. */
  readonly config: DemoConfig;
}

/** What a study shows. */
export interface StudyView {
  /** The table in the terminal: a row each, its cells by column. */
  readonly rows: readonly { readonly label: string; readonly cells: Readonly<Record<string, string>> }[];
  readonly verdict: string;
  /** The figures and words of the page, in order. */
  sections(): readonly Section[];
  /** What `--json` prints besides demo, seed and settings. */
  readonly document: Readonly<Record<string, unknown>>;
}

/**
 * What a demo does that is more than one comparison of clip specs: many trainings, independent of each other, and one
 * picture of all.
 */
export interface Study<Task extends StudyTask = StudyTask> {
  /** Options that only the study has. */
  readonly options: readonly DemoOption[];
  /** All trainings; `forPage`: those too that the page alone shows. */
  tasks(config: DemoConfig, forPage: boolean): readonly Task[];
  /** What came of the tasks, in their order; undefined for one that was not finished. */
  view(config: DemoConfig, tasks: readonly Task[], results: readonly (StudyResult | undefined)[]): StudyView;
}

/** What a training of a study left behind: plain data again. */
export interface StudyResult {
  readonly summary: RunSummary;
  readonly measured: Measured;
  readonly digest: string;
  /** Series that the demo recorded, by name. */
  readonly traces: Readonly<Record<string, readonly (number | null)[]>>;
  readonly records: readonly StepRecord[];
}

/** A demo. */
export interface Demo {
  readonly name: string;
  readonly title: string;
  /** A few words for `tamegrad list`. */
  readonly summary: string;
  /** What is trained on what, for the head of the report. */
  lead(config: DemoConfig): string;
  readonly lossUnit?: string;
  readonly defaults: { readonly steps: number; readonly lr: number };
  readonly options: readonly DemoOption[];
  setUp(config: DemoConfig): Setup;
  /** Runs in place of the comparison. */
  readonly study?: Study;
}
