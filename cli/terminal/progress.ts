/**
 * How a run shows that it is alive: a bar on a terminal, a line now and then in a pipe, nothing when quiet. It
 * writes to stderr, since stdout belongs to results.
 */
import cliProgress from 'cli-progress';
import { formatNumber } from '../../src/report/index.js';
import { columnsOf, hasColor, paint, type Sink, shorten } from './stream.js';

/** How far a run is. */
export interface ProgressValues {
  /** Steps done so far, counted from 1. */
  readonly done: number;
  /** The text beside the bar: the loss, or what was done last. */
  readonly note: string;
}

/** The progress of one run. `stop` may be called more than once, and must be called on every way out. */
export interface Progress {
  update(values: ProgressValues): void;
  /** Takes the bar away and gives the cursor back. */
  stop(): void;
}

/** Where and how to show progress. */
export interface ProgressOptions {
  readonly label: string;
  readonly total: number;
  /** What is counted: `step` by default. */
  readonly unit?: string;
  readonly quiet?: boolean;
  /** `process.stderr` by default. */
  readonly sink?: Sink & Partial<NodeJS.WritableStream>;
}

const SILENT: Progress = { update: () => undefined, stop: () => undefined };

/** In a pipe there is a line at least this often, in ms. */
const LONGEST_SILENCE = 4000;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Starts to show the progress of one run. */
export function startProgress(options: ProgressOptions): Progress {
  const sink = options.sink ?? process.stderr;
  if (options.quiet) return SILENT;
  return sink.isTTY ? startBar(options, sink) : startLines(options, sink);
}

/** The note of a training step. */
export function stepNote(loss: number, norm: number): string {
  return `loss ${formatNumber(loss)}  norm ${formatNumber(norm)}`;
}

/** The cursor comes back on every way out: Ctrl-C between two steps must leave a sane terminal. */
function startBar({ label, total }: ProgressOptions, sink: Sink): Progress {
  const name = paint(shorten(label, 14).padEnd(14), 'bold', hasColor(sink));
  const barsize = Math.max(8, columnsOf(sink) - 58);
  const bar = new cliProgress.SingleBar({
    stream: sink as NodeJS.WritableStream,
    format: `${name} {bar} {value}/{total}  {text}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C belongs to the command line; see below.
    gracefulExit: false,
    fps: 12,
  });
  bar.start(total, 0, { text: '' });
  let running = true;
  const stop = () => {
    if (!running) return;
    running = false;
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('exit', stop);
    bar.stop();
  };
  const onSignal = (signal: NodeJS.Signals) => {
    stop();
    // A listener takes a signal's effect away: where ours was the only one, the signal is sent again.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.once(signal, onSignal);
  process.on('exit', stop);
  return {
    update: (values) => {
      if (running) bar.update(values.done, { text: shorten(values.note, 26) });
    },
    stop,
  };
}

/** A line for the first step, for every tenth of the way, for the last, and whenever there was none for some seconds. */
function startLines({ label, total, unit = 'step' }: ProgressOptions, sink: Sink): Progress {
  let tenth = -1;
  let last: ProgressValues = { done: 0, note: 'working' };
  const write = (): void => {
    sink.write(`${label}  ${unit} ${last.done}/${total}  ${last.note}\n`);
    timer.refresh();
  };
  const timer = setInterval(write, LONGEST_SILENCE).unref();
  return {
    update: (values) => {
      const now = Math.floor((10 * values.done) / Math.max(1, total));
      last = values;
      if (now === tenth) return;
      tenth = now;
      write();
    },
    stop: () => clearInterval(timer),
  };
}

/** `about 3 min left, `; nothing where there is nothing left. */
export function timeLeft(ms: number): string {
  const seconds = ms / 1000;
  if (seconds <= 0) return '';
  if (seconds < 100) return `about ${Math.max(1, Math.round(seconds))} s left, `;
  const minutes = seconds / 60;
  return minutes < 100
    ? `about ${Math.round(minutes)} min left, `
    : `about ${Math.round(minutes / 60)} h left, `;
}
