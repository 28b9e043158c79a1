/** The ladder in words: the rows of the terminal and the verdict, written from what was measured. */

import { formatNumber } from '../../src/report/index.js';
import type { DemoConfig, Outcome } from '../demo.js';
import { startUnder, tellDivergence, tellRuns } from '../tell.js';
import { type Cell, fateOf } from './outcome.js';
import type { Ladder, Rung } from './rung.js';

/** How each fate is written: a sign that also reads without colour, and a word. */
export const fates = {
  diverged: { sign: '✗', word: 'diverged', tone: 'bad' },
  lost: { sign: '!', word: 'lost', tone: 'poor' },
  guesses: { sign: '○', word: 'guesses', tone: 'plain' },
  halfway: { sign: '◐', word: 'halfway', tone: 'plain' },
  learned: { sign: '✓', word: 'learned', tone: 'ok' },
} as const;

/** The rows of the terminal's table, one a ρ. */
export function ladderRows({ config: { clips }, rungs }: Ladder) {
  return rungs.map(({ rho, firstNorm, predictedNorm, cells }) => ({
    label: `ρ = ${rho}`,
    cells: {
      'first norm': formatNumber(firstNorm),
      'by the law': formatNumber(predictedNorm),
      ...Object.fromEntries(clips.map((clip, k) => [clip, cellText(cells[k])])),
    },
  }));
}

function cellText(cell: Cell | null): string {
  if (!cell) return '–';
  const { sign, word } = fates[cell.fate];
  return `${sign} ${word} ${noteOf(cell)}${cell.of > 1 ? ` ${cell.count}/${cell.of}` : ''}`;
}

/** The number that goes with a fate: the step of the divergence, or the final loss. */
export function noteOf({ fate, finalLoss, divergedAtStep }: Cell): string {
  return fate === 'diverged' ? `step ${divergedAtStep}` : formatNumber(finalLoss, 2);
}

/** What ρ did without clipping, in one sentence; what clipping did, in another for each spec. */
export function ladderVerdict(ladder: Ladder): string {
  return ladder.config.clips
    .map((clip) => (clip === 'none' ? unclippedText(ladder) : clippedText(ladder, clip)))
    .join(' ');
}

/** The trainings of a rung under one clip spec. */
function runsUnder(rung: Rung, clip: string) {
  return rung.runs.filter(({ task }) => task.config.clips[0] === clip).map(({ result }) => result.summary);
}

function unclippedText({ rungs }: Ladder): string {
  const measured = rungs
    .map((rung) => ({ rho: rung.rho, runs: runsUnder(rung, 'none') }))
    .filter(({ runs }) => runs.length > 0);
  if (measured.length === 0) return 'Without clipping (`none`) nothing was run.';
  const survives = measured.map(({ runs }) => runs.every(({ diverged }) => !diverged));
  const dies = measured.map(({ runs }) => runs.every(({ diverged }) => diverged));
  const finite = survives.includes(false) ? survives.indexOf(false) : measured.length;
  const lost = dies.lastIndexOf(false) + 1;
  const deaths = measured
    .slice(lost)
    .flatMap(({ runs }) => runs.map(({ divergedAtStep }) => divergedAtStep!));
  const died = lost < measured.length;
  const parts = [
    ...(died
      ? [
          `every training with ρ ${lost === 0 && measured.length === 1 ? '=' : '≥'} ${measured[lost].rho} diverged by step ${Math.max(...deaths)}`,
        ]
      : []),
    ...(finite > 0
      ? [
          `${died ? 'every one' : 'every training'} with ρ ${finite === 1 && measured.length === 1 ? '=' : '≤'} ${measured[finite - 1].rho} stayed finite`,
        ]
      : []),
  ];
  if (parts.length === 0)
    return 'Without clipping (`none`) it depended on the seed at every ρ whether a training diverged.';
  const between = measured.slice(finite, lost).map(({ rho }) => rho);
  const middle = between.length > 0 ? `; at ρ = ${listed(between)} it depends on the seed` : '';
  const decides = died && finite > 0 ? ': the spectral norm decides' : '';
  return `Without clipping (\`none\`) ${parts.join(', and ')}${middle}${decides}.`;
}

function clippedText({ rungs }: Ladder, clip: string): string {
  const measured = rungs
    .map((rung) => ({ rho: rung.rho, runs: runsUnder(rung, clip) }))
    .filter(({ runs }) => runs.length > 0);
  const start = startUnder(clip);
  if (measured.length === 0) return `${start} nothing was run.`;
  const learned = measured.filter(({ runs }) => runs.every((summary) => fateOf(summary) === 'learned'));
  const said =
    learned.length > 0
      ? `every training with ρ = ${spanOf(learned, measured)} learned the sign`
      : 'no ρ was learned with every seed';
  const low = learned.length > 0 ? learned[0].rho : Number.POSITIVE_INFINITY;
  const high = learned.length > 0 ? learned[learned.length - 1].rho : Number.NEGATIVE_INFINITY;
  const rest = measured.filter(({ rho }) => rho < low || rho > high);
  const below = rest.filter(({ rho }) => rho < Math.min(low, 1));
  const above = rest.filter(({ rho }) => !below.some((entry) => entry.rho === rho));
  const tails = [
    ...(below.length > 0 ? [`below, ${fateText(below)}`] : []),
    ...(above.length > 0 ? [`above, ${fateText(above)}`] : []),
  ];
  return `${start} ${said}${tails.length > 0 ? `; ${tails.join(', and ')}` : ''}.`;
}

/** How the trainings of some rungs ended, in a few words. */
function fateText(rungs: readonly { readonly runs: readonly Parameters<typeof fateOf>[0][] }[]): string {
  const ends = rungs.flatMap(({ runs }) => runs.map(fateOf));
  const count = (fate: string) => ends.filter((end) => end === fate).length;
  if (count('diverged') > 0) return `${count('diverged')} of ${ends.length} trainings diverged`;
  if (count('lost') > ends.length / 2) return 'it kept the training finite and no more';
  if (count('guesses') > ends.length / 2) return 'the gradient vanishes, and the network guesses';
  return 'some learned and some did not';
}

/** `0.95 to 1.1` where no measured value between is missing, else the list. */
function spanOf(
  chosen: readonly { readonly rho: number }[],
  all: readonly { readonly rho: number }[],
): string {
  const from = all.indexOf(chosen[0]);
  const unbroken = chosen.every((entry, i) => all[from + i] === entry);
  if (chosen.length < 3 || !unbroken) return listed(chosen.map(({ rho }) => rho));
  return `${chosen[0].rho} to ${chosen[chosen.length - 1].rho}`;
}

function listed(values: readonly number[]): string {
  if (values.length < 2) return String(values[0]);
  return `${values.slice(0, -1).join(', ')} and ${values[values.length - 1]}`;
}

/** What became of the trainings of one ρ, a sentence each. */
export function trainingVerdict(config: DemoConfig, outcomes: readonly Outcome[]): string {
  return tellRuns(config, outcomes, 'the network', (outcome) => {
    const told = tellDivergence(outcome);
    return told ?? `ended at a loss of ${formatNumber(outcome.summary.finalLoss)} (guessing gives 1)`;
  });
}
