/** What our times must show beside the peers', and the table that says whether they do. */

import type { Line, OurLine } from './measure.js';
import { rivalsOf } from './peers.js';
import type { WorkloadName } from './workloads.js';

/** How many times as fast as a peer: at the least, and aimed for. */
interface Goal {
  readonly floor: number;
  readonly aim: number;
}

/** Goals of one workload; none against JavaScript where clipping alone is measured. */
interface Goals {
  readonly torch: Goal;
  readonly js: number | null;
  /** The norm device that the goal is meant for; default gpu.js. */
  readonly normDevice?: string;
}

/** For default precision on one thread. */
const goals: Readonly<Record<WorkloadName, Goals>> = {
  tiny: { torch: { floor: 8, aim: 20 }, js: 5 },
  mlp: { torch: { floor: 1.1, aim: 1.4 }, js: 3 },
  'mlp-large': { torch: { floor: 0.35, aim: 0.5 }, js: 1.7 },
  'rnn-small': { torch: { floor: 8, aim: 15 }, js: 5 },
  rnn: { torch: { floor: 2.5, aim: 4 }, js: 5 },
  'rnn-long': { torch: { floor: 2, aim: 3 }, js: 5 },
  'clip-5k': { torch: { floor: 3, aim: 10 }, js: null },
  'clip-1m': { torch: { floor: 2, aim: 3 }, js: null, normDevice: 'simd' },
  'clip-10m': { torch: { floor: 2, aim: 3 }, js: null, normDevice: 'simd' },
};

/** A ratio compared with its goal; a dash if either is missing. */
export function verdict(ratio: number | null, { floor, aim }: Goal): string {
  if (ratio === null) return '–';
  if (ratio >= aim) return 'aim met';
  return ratio >= floor ? 'pass' : 'MISS';
}

const none = '–';
const text = (value?: number | null): string => (value == null ? none : String(Number(value.toPrecision(3))));

/** Our results alone: one row each. */
export function resultTable(ours: readonly OurLine[]): string {
  return table(
    ['workload', 'ms', 'runs', 'backend', 'precision', 'threads', 'bits', 'norm'],
    ours.map((line) => [
      line.workload,
      text(line.ms),
      String(line.runs),
      line.backend,
      line.precision,
      String(line.threads),
      String(line.vectors),
      line.normDevice,
    ]),
  );
}

/** Our results beside the peers', with floors and aims. */
export function ratioTable(ours: readonly OurLine[], peers: readonly Line[]): string {
  const head = [
    'workload',
    'norm',
    'ms',
    'PyTorch',
    'ratio',
    'floor',
    'aim',
    '',
    'best JS',
    'ms',
    'ratio',
    'floor',
    '',
  ];
  return table(
    head,
    ours.map((line) => ratioRow(line, peers)),
  );
}

function ratioRow(line: OurLine, peers: readonly Line[]): string[] {
  const { torch, js } = rivalsOf(line.workload, peers);
  const goal = goals[line.workload];
  const isMeant = goal.normDevice === undefined || goal.normDevice === line.normDevice;
  const torchRatio = torch && torch.ms / line.ms;
  const jsRatio = js && js.ms / line.ms;
  const againstTorch = isMeant
    ? [String(goal.torch.floor), String(goal.torch.aim), verdict(torchRatio, goal.torch)]
    : [none, none, none];
  const againstJs =
    goal.js === null ? [none, none] : [String(goal.js), verdict(jsRatio, { floor: goal.js, aim: Infinity })];
  return [
    ...[line.workload, line.normDevice, text(line.ms), text(torch?.ms), text(torchRatio), ...againstTorch],
    ...[js?.peer ?? none, text(js?.ms), text(jsRatio), ...againstJs],
  ];
}

/** A Markdown table whose columns are aligned in plain text too, the first to the left. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((label, k) => Math.max(3, label.length, ...rows.map((row) => row[k].length)));
  const pad = (cell: string, k: number): string =>
    k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]);
  const line = (cells: readonly string[]): string => `| ${cells.map(pad).join(' | ')} |\n`;
  const rule = `|${widths.map((width, k) => (k === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|\n`;
  return line(head) + rule + rows.map(line).join('');
}
