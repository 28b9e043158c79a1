/** The figures of the ladder and what they say, written from the measurements of the run at hand. */

import {
  formatNumber,
  formatPercent,
  type LadderCell,
  type LadderFigure,
  type Section,
  type Series,
} from '../../src/report/index.js';
import type { DemoConfig, StudyResult } from '../demo.js';
import { STEPS } from '../latch/model.js';
import { type Cell, cellOf } from './outcome.js';
import { type Climbed, firstStepOf, type Ladder, lawAt, RATES, type Rung, thresholdOf } from './rung.js';
import { fates, noteOf } from './words.js';

/** Factors of ρ between the last state and the first. */
const HOPS = STEPS - 1;
/** Lines that one figure can tell apart. */
const LINES = 6;
/** Points of a law's curve. */
const CURVE = 33;

/** The page, from the ladder down to the two stories beside it. */
export function ladderSections(ladder: Ladder): Section[] {
  return [
    {
      heading: 'The ladder',
      place: 'before',
      paragraphs: [readingText(ladder)],
      figures: [ladderFigure(ladder)],
    },
    {
      heading: 'The first gradient follows the law',
      place: 'before',
      paragraphs: [lawText(ladder)],
      figures: [firstNormFigure(ladder), growthFigure(ladder)],
    },
    {
      heading: 'Why the rescue has two edges',
      paragraphs: edgeTexts(ladder),
      figures: [matrixFigure(ladder)],
    },
    ...tanhSection(ladder),
    ...rateSection(ladder),
  ];
}

function readingText({ config }: Ladder): string {
  const seeds = Number(config.own.seeds);
  const many = seeds === 1 ? 'one training' : `${seeds} trainings, a seed each`;
  return `Every tile is ${many}, at most ${config.steps} steps. To guess gives a loss of 1; below 0.1 the sign is remembered.`;
}

/** The picture of the ladder. */
export function ladderFigure({ config, rungs }: Ladder): LadderFigure {
  const values = rungs.map(({ rho }) => String(rho));
  const seeds = Number(config.own.seeds);
  return {
    kind: 'ladder',
    title: 'What became of the network, by the ρ it started with',
    caption: `Under each outcome: the step at which the last of the trainings diverged, or the median final loss${seeds > 1 ? `; where not all of the ${seeds} seeds ended so, how many did` : ''}.`,
    x: { symbol: 'ρ', values },
    rows: config.clips.map((clip, k) => ({
      label: labelOf(clip),
      cells: rungs.map(({ cells }) => tileOf(cells[k])),
    })),
    bands: bandsOf(rungs.map(({ rho }) => rho)),
  };
}

function labelOf(clip: string): string {
  return clip === 'none' ? 'without clipping' : `clipped, ${clip}`;
}

function tileOf(cell: Cell | null): LadderCell | null {
  if (!cell) return null;
  const some = cell.count < cell.of ? ` ${cell.count}/${cell.of}` : '';
  return { ...fates[cell.fate], note: noteOf(cell) + some };
}

function bandsOf(rhos: readonly number[]): NonNullable<LadderFigure['bands']> {
  const below = rhos.filter((rho) => rho < 1).length;
  const above = rhos.findIndex((rho) => rho > 1);
  return [
    ...(below > 0 ? [{ label: 'ρ < 1: gradients shrink on their way back', from: 0, to: below - 1 }] : []),
    ...(above >= 0
      ? [{ label: 'ρ > 1: gradients grow on their way back', from: above, to: rhos.length - 1 }]
      : []),
  ];
}

function lawText({ config, rungs }: Ladder): string {
  const [low, high] = [rungs[0], rungs[rungs.length - 1]];
  const from = `At ρ = ${low.rho} the first gradient of all parameters has norm ${formatNumber(low.firstNorm)}, at ρ = ${high.rho} ${formatNumber(high.firstNorm)}, from the same weights and data.`;
  const off = Math.max(
    ...rungs.map(({ firstNorm, predictedNorm }) => Math.abs(firstNorm / predictedNorm - 1)),
  );
  const exact = config.own.init === 'identity' && config.own.activation !== 'tanh';
  const law =
    'The law is what comes of ρ and the loss alone: from ρ times the identity no unit hears another, the error is a number, and every gradient is that number times powers of ρ. Nothing in it is fitted.';
  return `${from} ${law} ${
    exact
      ? `Measured and predicted differ by ${formatNumber(100 * off, 2)} % at most.`
      : 'Here it is a line to compare with: it is exact for ρ times the identity and units that pass all they get or nothing.'
  }`;
}

/** Figure (a): the first gradient against ρ. */
function firstNormFigure({ config, rungs }: Ladder): Section['figures'][number] {
  const rho = rungs.map((rung) => rung.rho);
  const curve = curveOf(config, rho);
  return {
    kind: 'lines',
    title: 'The first gradient, by ρ',
    caption: `Norm of the gradient of all parameters at step 0, seed ${config.seed}. Dashed: the law.`,
    x: { label: 'ρ', symbol: 'ρ' },
    y: { label: '‖g₀‖', scale: 'log' },
    series: [
      { label: 'measured', x: rho, y: rungs.map(({ firstNorm }) => firstNorm), scattered: true, style: 1 },
      { label: 'by the law', ...curve, reference: true, style: 5 },
    ],
  };
}

function curveOf(config: DemoConfig, rhos: readonly number[]) {
  const [low, high] = [rhos[0], rhos[rhos.length - 1]];
  const even = Array.from({ length: CURVE }, (_, i) => low + (i * (high - low)) / (CURVE - 1));
  const x = [...new Set([...even, ...rhos])].sort((a, b) => a - b);
  return { x, y: x.map((rho) => lawAt(config, rho)) };
}

/** Figure (b): the gradient of the hidden state along time, from 1 at the end. */
function growthFigure({ config, rungs }: Ladder): Section['figures'][number] {
  const times = Array.from({ length: STEPS }, (_, t) => t + 1);
  return {
    kind: 'lines',
    title: 'The gradient on its way back',
    caption: `Norm of ∂L/∂hₜ over that at the last time step, ${STEPS}: time runs to the right, the gradient to the left. Dashed: ρ to the power of the steps gone back.`,
    x: { label: 'time step t', symbol: 't', whole: true },
    y: { label: '‖∂L/∂hₜ‖ / ‖∂L/∂h_T‖', scale: 'log' },
    series: chosen(rungs, LINES).flatMap(({ rho, hidden }, style): Series[] => [
      { label: `ρ = ${rho}`, x: times, y: hidden.map((norm) => norm / hidden[HOPS]), style },
      {
        label: `${rho} to the T − t`,
        x: times,
        y: times.map((t) => rho ** (STEPS - t)),
        reference: true,
        style,
      },
    ]),
    summary: growthSummary(config, rungs),
  };
}

function growthSummary({ own }: DemoConfig, rungs: readonly Rung[]): string {
  const said = chosen(rungs, LINES).map(({ rho, growthPerStep }) =>
    growthPerStep > 0
      ? `×${growthPerStep.toFixed(3)} at ρ = ${rho}`
      : `at ρ = ${rho} nothing arrives at t = 1`,
  );
  const why = {
    identity: 'Without a nonlinearity ρ is the growth.',
    relu: 'A unit that is off passes nothing, so the growth stays below ρ.',
    tanh: 'A unit near saturation passes little of what it gets, so the growth falls behind ρ.',
  }[String(own.activation)];
  return `Mean growth per step back in time: ${said.join(', ')}. ${why ?? ''}`;
}

/** Up to `count` rungs evenly along the ladder, with its ends. */
function chosen(rungs: readonly Rung[], count: number): readonly Rung[] {
  if (rungs.length <= count) return rungs;
  return Array.from({ length: count }, (_, k) => rungs[Math.round((k * (rungs.length - 1)) / (count - 1))]);
}

/** Why nothing is learned below, why it is not saved above; a paragraph for each edge that was met. */
function edgeTexts({ config, rungs }: Ladder): readonly string[] {
  const k = config.clips.findIndex((clip) => thresholdOf(clip) !== null);
  if (k < 0) return ['No clip spec with a threshold was run, so there is no rescue to explain.'];
  const clip = config.clips[k];
  const learned = rungs.filter(({ cells }) => cells[k]?.fate === 'learned');
  if (learned.length === 0) return [`Under \`${clip}\` no rung learned.`];
  const [low, high] = [learned[0].rho, learned[learned.length - 1].rho];
  const below = rungs.filter(({ rho, cells }) => rho < low && cells[k]).at(-1);
  const above = rungs.find(({ rho, cells }) => rho > high && cells[k]);
  return [
    ...(below ? [belowText(below, clip)] : []),
    walkText(learned, clip, config),
    ...(above ? [aboveText(above, clip, config)] : []),
  ];
}

function runOf({ runs }: Rung, clip: string): StudyResult | undefined {
  return runs.find(({ task }) => task.config.clips[0] === clip)?.result;
}

function belowText(rung: Rung, clip: string): string {
  const clipped = runOf(rung, clip)?.summary.clippedFraction ?? 0;
  const left = rung.hidden[0] / rung.hidden[HOPS];
  return `The lower edge: at ρ = ${rung.rho} the first time step, the only one that carries the sign, gets ${left > 0 ? formatNumber(left, 2) : 'nothing (below 2e-31 it counts as 0)'} of the gradient that enters at the last. \`${clip}\` clipped ${clipped > 0 ? formatPercent(clipped) : 'none'} of the steps there. Clipping shortens gradients and never lengthens one, so it is no remedy for one that has vanished; where it rescues a ρ below 1, a gradient still came through, and long first steps were what spoiled the run.`;
}

function walkText(learned: readonly Rung[], clip: string, config: DemoConfig): string {
  const rung = learned[learned.length - 1];
  const ends = learned.flatMap((entry) => runOf(entry, clip)?.measured.spectralNormLast ?? []);
  const arrived =
    ends.length > 1
      ? ` Wherever the runs that learned had started, between ρ = ${learned[0].rho} and ${rung.rho}, their matrices ended at ‖W‖₂ between ${formatNumber(Math.min(...ends))} and ${formatNumber(Math.max(...ends))}: clipping gave them the time to walk there.`
      : '';
  return `Between the edges clipping makes the way a walk: at ρ = ${rung.rho} the first step is at most ${formatNumber(config.lr * thresholdOf(clip)!, 2)} long instead of ${formatNumber(config.lr * rung.firstNorm, 2)} (rate times norm).${arrived}`;
}

function aboveText(rung: Rung, clip: string, config: DemoConfig): string {
  const cell = rung.cells[config.clips.indexOf(clip)]!;
  const ended =
    cell.fate === 'diverged'
      ? 'it diverged all the same'
      : `the loss is still ${formatNumber(cell.finalLoss, 2)}`;
  return `The upper edge: at ρ = ${rung.rho}, after ${config.steps} steps of at most ${formatNumber(config.lr * thresholdOf(clip)!, 2)}, ${ended}. What the sign leaves in the output is proportional to ρ to the power of ${HOPS}, ${formatNumber(rung.rho ** HOPS, 2)} at the start, and so is the error that the steps must undo. ${movedText(rung, clip)} Clipping bounds a step; it makes neither its direction better nor the way shorter.`;
}

function movedText(rung: Rung, clip: string): string {
  const measured = runOf(rung, clip)?.measured;
  const [first, last] = [measured?.spectralNormFirst, measured?.spectralNormLast];
  if (first == null || last == null) return '';
  return `‖W‖₂ went from ${formatNumber(first)} to ${formatNumber(last)}.`;
}

/** Figure (d): how the spectral norm of the recurrent matrix moves, a panel for each clip spec. */
function matrixFigure({ config, rungs }: Ladder): Section['figures'][number] {
  const around = rungs.filter(({ rho }) => rho >= 0.85 && rho <= 1.25);
  const shown = chosen(around.length > 1 ? around : rungs, LINES);
  const top = Math.max(1.5, ...shown.map(({ rho }) => 1.25 * rho));
  return {
    kind: 'panels',
    title: 'Where the matrix goes',
    caption: `Spectral norm ‖W‖₂ of the recurrent matrix during training, seed ${config.seed}. A line that ends leaves the frame or is no longer finite.`,
    x: { label: 'step', whole: true },
    y: { label: '‖W‖₂', scale: 'linear', max: top },
    summary: config.clips.map((clip) => matrixText(shown, clip)).join(' '),
    panels: config.clips.map((clip) => ({
      title: labelOf(clip),
      series: shown.flatMap((rung, style): Series[] => {
        const traces = runOf(rung, clip)?.traces;
        if (!traces) return [];
        const { step, spectralNorms } = traces;
        const y = spectralNorms.map((norm) => norm ?? Number.NaN);
        return [{ label: `ρ = ${rung.rho}`, x: step.map(Number), y, style }];
      }),
    })),
  };
}

/** Where each matrix started and ended under a clip spec. */
function matrixText(rungs: readonly Rung[], clip: string): string {
  const said = rungs.flatMap((rung) => {
    const run = runOf(rung, clip);
    if (!run) return [];
    const last = run.measured.spectralNormLast;
    return `${rung.rho} to ${last == null ? 'no finite number' : formatNumber(last)}`;
  });
  return `${labelOf(clip)}, from first to last: ${said.join('; ')}.`;
}

/** Figure (e), first story: tanh. */
function tanhSection(ladder: Ladder): Section[] {
  const runs = ladder.beside.filter(({ task }) => task.story === 'tanh');
  if (runs.length === 0) return [];
  const config = { ...ladder.config, own: { ...ladder.config.own, activation: 'tanh' } };
  const rhos = valuesOf(runs);
  const steps = rhos.map((rho) => firstStepOf(config, rho));
  const law = curveOf(config, rhos);
  return [
    {
      heading: 'The same with tanh: saturation bends the law',
      paragraphs: [
        `A tanh unit passes its slope, and near saturation that is next to nothing. So the states that ρ > 1 lets grow switch the growth off: at ρ = ${rhos.at(-1)} the first gradient is ${formatNumber(steps.at(-1)!.firstNorm)}, where the law without saturation says ${formatNumber(steps.at(-1)!.predictedNorm)}. ρ above 1 is necessary for an explosion, not sufficient (Pascanu, Mikolov & Bengio 2013).`,
      ],
      figures: [
        {
          kind: 'lines',
          title: 'The first gradient with tanh, by ρ',
          caption: `Norm at step 0, seed ${config.seed}. Dashed: the law without saturation.`,
          x: { label: 'ρ', symbol: 'ρ' },
          y: { label: '‖g₀‖', scale: 'log' },
          series: [
            {
              label: 'measured',
              x: rhos,
              y: steps.map(({ firstNorm }) => firstNorm),
              scattered: true,
              style: 1,
            },
            { label: 'by the law', ...law, reference: true, style: 5 },
          ],
        },
        besideFigure('The ladder with tanh', runs, rhos, ladder.config.clips, (clip) => [
          labelOf(clip),
          ({ task }) => task.config.clips[0] === clip,
        ]),
      ],
    },
  ];
}

/** Figure (e), second story: the setting of the latch, where the rate decides. */
function rateSection({ beside }: Ladder): Section[] {
  const runs = beside.filter(({ task }) => task.story === 'rate');
  if (runs.length === 0) return [];
  const rhos = valuesOf(runs);
  const died = (rate: number) =>
    runs.filter(({ task, result }) => task.config.lr === rate && result.summary.diverged).length;
  const [slow, fast] = RATES;
  return [
    {
      heading: 'Another explosion, another culprit: the setting of latch',
      paragraphs: [
        `\`tamegrad demo latch\` explodes, too: tanh units, an orthogonal matrix times ρ, a rate of ${fast}. Without clipping it diverged at ${died(fast)} of these ${rhos.length} values of ρ at rate ${fast}, and at ${died(slow)} at rate ${slow}. There the rate decides and not ρ: saturated states make the output layer unstable. What looks the same on a loss curve has two causes, and the ladder tells them apart.`,
      ],
      figures: [
        besideFigure('The setting of latch without clipping, at two rates', runs, rhos, RATES, (rate) => [
          `rate ${rate}`,
          ({ task }) => task.config.lr === rate,
        ]),
      ],
    },
  ];
}

function valuesOf(runs: readonly Climbed[]): readonly number[] {
  return [...new Set(runs.map(({ task }) => Number(task.config.own.rho)))].sort((a, b) => a - b);
}

function besideFigure<Row>(
  title: string,
  runs: readonly Climbed[],
  rhos: readonly number[],
  rows: readonly Row[],
  rowOf: (row: Row) => readonly [label: string, isOf: (run: Climbed) => boolean],
): LadderFigure {
  return {
    kind: 'ladder',
    title,
    caption: 'One training each. Under each outcome: the step at which it diverged, or the final loss.',
    x: { symbol: 'ρ', values: rhos.map(String) },
    rows: rows.map((row) => {
      const [label, isOf] = rowOf(row);
      const own = runs.filter(isOf);
      return {
        label,
        cells: rhos.map((rho) =>
          tileOf(cellOf(own.filter(({ task }) => task.config.own.rho === rho).map(({ result }) => result))),
        ),
      };
    }),
    bands: bandsOf(rhos),
  };
}
