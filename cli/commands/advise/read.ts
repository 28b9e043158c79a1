/** A log from a file or stdin, read once, line by line. */

import { openLines } from './lines.js';
import { type Named, type Plan, planOf } from './rows.js';
import { type Run, Runs } from './runs.js';

/** Lines that tell format and columns. */
const SAMPLE = 1000;
/** Broken lines that are named. */
const NAMED = 5;

/** A log that was read. */
export interface Log extends Pick<Plan, 'format' | 'columns'> {
  readonly runs: readonly Run[];
  /** One row in so many is used. */
  readonly stride: number;
  /** Rows with neither loss nor norm. */
  readonly silent: number;
  /** Lines that could not be read, and the numbers of the first few, from 1. */
  readonly broken: { readonly count: number; readonly lines: readonly number[] };
  readonly interrupted: boolean;
}

/** How a log is to be read. */
export interface ReadOptions {
  readonly named?: Named;
  /** Ends the reading; what was read until then is the log. */
  readonly signal?: AbortSignal;
  /** Hears how many bytes were read, of how many (null: not known). */
  readonly onRead?: (bytes: number, size: number | null) => void;
}

/** Reads a file, or stdin for `-`. Throws an Error, in one line, for what is no log. */
export async function readLog(path: string, options: ReadOptions = {}): Promise<Log> {
  const { named = {}, signal = new AbortController().signal, onRead = () => {} } = options;
  const { name, size, lines } = openLines(path);
  const reader = new LogReader(name, named);
  let bytes = 0;
  const pieces = lines(signal, (more) => {
    bytes += more;
    onRead(bytes, size);
  });
  for await (const piece of pieces) for (const line of piece) reader.line(line);
  return reader.end(signal.aborted);
}

/** Takes lines, the first of them twice: to plan, and to read. */
class LogReader {
  readonly #name: string;
  readonly #named: Named;
  readonly #runs = new Runs();
  readonly #broken: number[] = [];
  #brokenCount = 0;
  #sample: string[] = [];
  #plan: Plan | null = null;
  #number = 0;

  constructor(name: string, named: Named) {
    this.#name = name;
    this.#named = named;
  }

  line(line: string): void {
    if (this.#plan !== null) this.#take(line, this.#plan);
    else if (this.#sample.push(line) === SAMPLE) this.#begin();
  }

  end(interrupted: boolean): Log {
    const { format, columns } = this.#plan ?? this.#begin();
    this.#runs.end();
    const { all: runs, stride, silent } = this.#runs;
    const broken = { count: this.#brokenCount, lines: this.#broken };
    const rows = runs.reduce((sum, run) => sum + run.rows, 0);
    if (rows < 2) {
      const found = rows === 1 ? '1 row' : 'no row';
      const lost = broken.count > 0 ? ` (broken lines: ${broken.count})` : '';
      throw new Error(`advise: ${this.#name} has ${found} with a loss or a norm${lost}; log more steps`);
    }
    return { format, columns, runs, stride, silent, broken, interrupted };
  }

  #begin(): Plan {
    const plan = planOf(this.#sample, this.#name, this.#named, (ago) => {
      this.#brokenCount++;
      if (this.#broken.length < NAMED) this.#broken.push(this.#number - ago);
    });
    this.#plan = plan;
    for (const line of this.#sample) this.#take(line, plan);
    this.#sample = [];
    return plan;
  }

  #take(line: string, { rowOf }: Plan): void {
    this.#number++;
    const read = rowOf(line);
    if (read !== null) this.#runs.add(read.row, read.label);
  }
}
