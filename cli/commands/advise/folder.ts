/** A folder of a run: whatever in it is a log, each run once. */

import { readdirSync } from 'node:fs';
import { extname, join, relative } from 'node:path';
import { type Log, LogError, type ReadLogOptions, type Run, readLog } from '../../../src/diagnose/index.js';
import { sourceOf, statOf } from './sources.js';

/** How deep logs are looked for, and in how many files. */
const DEEPEST = 6;
const MOST_FILES = 3000;
/** Larger files in a folder are weights or data. */
const LARGEST = 2 ** 31;
/** Files that are no logs, whatever is in them. */
const noLogs = new Set(
  '.pt .pth .bin .safetensors .ckpt .npz .npy .pkl .png .jpg .jpeg .gif .svg .pdf .py .pyc .ipynb .yaml .yml .toml .md .h5 .hdf5 .keras .onnx .tar .zip .parquet .arrow .model .html .lock .gguf .wandb .sh .ts .js'.split(
    ' ',
  ),
);
const noFolders = /^(\.|node_modules$|__pycache__$)/;
/** Share of equal losses or norms at steps that two runs share, from which they are the same run. */
const SAME = 0.9;
const FEWEST_SHARED = 2;

/** A log and the file it was found in. */
interface Found {
  readonly log: Log;
  readonly name: string;
}

/** The log of a folder: every run in it, from the file that tells most of it. Throws LogError if the folder has no log. */
export async function readFolder(folder: string, options: ReadLogOptions, signal: AbortSignal): Promise<Log> {
  const files = filesIn(folder);
  const events = files.filter((file) => /tfevents/.test(file));
  const groups = [
    ...files.filter((file) => !events.includes(file)).map((file) => [file]),
    ...(events.length > 0 ? [events] : []),
  ];
  const found: Found[] = [];
  for (const group of groups) {
    try {
      const sources = group.map((file) => ({ ...sourceOf(file, signal), name: relative(folder, file) }));
      found.push({ log: await readLog(sources, { ...options, signal }), name: sources[0].name });
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
    }
  }
  const values = await valueFiles(files, folder, found, options, signal);
  return merged(folder, files.length, [...values, ...found]);
}

/** Files of one value a row (TensorBoard's CSV, MLflow), which are one log together. */
async function valueFiles(
  files: readonly string[],
  folder: string,
  found: readonly Found[],
  options: ReadLogOptions,
  signal: AbortSignal,
): Promise<Found[]> {
  const single = found.filter(({ log }) => log.form === 'values by step').map(({ name }) => name);
  if (single.length < 2) return [];
  const sources = files
    .filter((file) => single.includes(relative(folder, file)))
    .map((file) => ({ ...sourceOf(file, signal), name: relative(folder, file) }));
  const log = await readLog(sources, { ...options, signal });
  return [{ log, name: sources[0].name }];
}

function filesIn(folder: string, depth = 0, found: string[] = []): string[] {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (found.length >= MOST_FILES) break;
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth < DEEPEST && !noFolders.test(entry.name))
      filesIn(path, depth + 1, found);
    if (!entry.isFile() || noLogs.has(extname(entry.name).toLowerCase())) continue;
    const { size } = statOf(path);
    if (size > 0 && size < LARGEST) found.push(path);
  }
  return found;
}

/** The runs of all logs, each once: of two that are the same, the one that tells more. */
function merged(folder: string, files: number, found: readonly Found[]): Log {
  const runs = found.flatMap(({ log, name }) => log.runs.map((run) => ({ run, log, name })));
  runs.sort((a, b) => worth(b.run) - worth(a.run));
  const kept: typeof runs = [];
  for (const each of runs) if (!kept.some(({ run }) => isSame(run, each.run))) kept.push(each);
  const [main] = kept;
  if (main === undefined) {
    throw new LogError(`readLog: '${folder}' has ${files} files and no log among them; name the log itself`);
  }
  const names = [...new Set(kept.map(({ name }) => name))];
  const others = [...new Set(found.map(({ name }) => name))].filter((name) => !names.includes(name));
  kept.sort(
    (a, b) => found.findIndex(({ log }) => log === a.log) - found.findIndex(({ log }) => log === b.log),
  );
  const also =
    others.length > 0
      ? [
          `Not needed: ${others.slice(0, 4).join(', ')}${others.length > 4 ? ` and ${others.length - 4} more` : ''}, which tell less of the same.`,
        ]
      : [];
  return {
    ...main.log,
    files: names,
    runs: kept.map(({ run, name }) => (names.length > 1 ? named(run, name) : run)),
    notes: [
      ...main.log.notes,
      `Read in the folder: ${names.slice(0, 4).join(', ')}${names.length > 4 ? ` and ${names.length - 4} more` : ''}.`,
      ...also,
    ],
  };
}

function named(run: Run, name: string): Run {
  return Object.assign(Object.create(run) as Run, {
    label: run.label === '' ? name : `${name}, ${run.label}`,
  });
}

/** Norms tell most, then losses, then length. */
function worth({ columns, rows }: Run): number {
  const has = (name: 'norm' | 'loss'): number =>
    Number(columns.column(name).some((value) => !Number.isNaN(value)));
  return 2e12 * has('norm') + 1e12 * has('loss') + rows;
}

/** Whether two runs have the same numbers at the steps that they share. */
function isSame(one: Run, other: Run): boolean {
  return (['loss', 'norm'] as const).some((name) => {
    const known = new Map<number, number>();
    const [steps, values] = [one.columns.column('step'), one.columns.column(name)];
    for (let i = 0; i < steps.length; i++) if (Number.isFinite(values[i])) known.set(steps[i], values[i]);
    let [shared, equal, mine] = [0, 0, 0];
    const [theirs, numbers] = [other.columns.column('step'), other.columns.column(name)];
    for (let i = 0; i < theirs.length; i++) {
      if (!Number.isFinite(numbers[i])) continue;
      mine++;
      const value = known.get(theirs[i]);
      if (value === undefined) continue;
      shared++;
      if (Math.abs(value - numbers[i]) <= 1e-3 * Math.abs(value)) equal++;
    }
    return shared >= Math.max(FEWEST_SHARED, mine / 2) && equal >= SAME * shared;
  });
}
