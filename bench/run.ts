/**
 * The benchmark's command line: our side of every workload, as JSON lines in the peers' format on stdout and a table on
 * stderr; beside the peers' lines, ratios and whether they are what they must be. Ends with 1 where a loss is wrong.
 */

import { readFileSync } from 'node:fs';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import {
  allBackends,
  configureSimd,
  defaultBackend,
  type NormDevice,
  setDefaultBackend,
} from '../src/index.js';
import { ratioTable, resultTable } from './goals.js';
import { type Computing, type Line, measure, mergeRounds, type OurLine, toJsonLine } from './measure.js';
import { parseLines, runPeers } from './peers.js';
import { type WorkloadName, workloadNames } from './workloads.js';

interface Options {
  readonly seconds: number;
  readonly rounds: number;
  readonly backend: string;
  readonly precision: Computing['precision'];
  readonly threads: number;
  readonly vectors: 128 | 256 | 'auto';
  readonly normDevice?: readonly NormDevice[];
  readonly peers?: string;
  readonly peersCommand?: string;
  readonly check?: boolean;
  readonly table?: boolean;
}

const WRONG_USAGE = 2;

const normDevices: readonly NormDevice[] = ['webasm', 'cpu', 'simd'];

/** Where no device is named: what the library chooses by itself and, where clipping is all there is, the other way. */
function usualDevices(name: WorkloadName): readonly (NormDevice | undefined)[] {
  return name.startsWith('clip-') ? [undefined, 'simd'] : [undefined];
}

const program = new Command('bench')
  .description(
    'Times whole training steps on the workloads of README.md, and checks that the losses are right.',
  )
  .addArgument(new Argument('[workloads...]', 'which ones (default: all)').choices(workloadNames))
  .addOption(new Option('--seconds <n>', 'how long to time each').argParser(atLeast(0)).default(2))
  .addOption(
    new Option('--rounds <n>', 'go through all of them this often; medians').argParser(atLeast(1)).default(1),
  )
  .addOption(
    new Option('--backend <name>', 'what computes')
      .choices(allBackends().map(({ name }) => name))
      .default(defaultBackend().name),
  )
  .addOption(
    new Option('--precision <name>', 'of the simd backend: fast fuses multiplications and additions')
      .choices(['exact', 'fast'])
      .default('exact'),
  )
  .addOption(new Option('--threads <n>', 'of the simd backend').argParser(atLeast(1)).default(1))
  .addOption(
    new Option('--vectors <bits>', 'of the simd backend: 128, 256 or auto')
      .argParser((text) => (text === 'auto' ? text : Number(text)))
      .default('auto'),
  )
  .addOption(
    new Option(
      '--norm-device <name>',
      `where norms are measured, each if repeated: ${normDevices.join(', ')}`,
    ).argParser((name: string, before: readonly NormDevice[] = []) => [...before, deviceNamed(name)]),
  )
  .option('--peers <file>', "compare with the peers' JSON lines")
  .option('--peers-command <command>', 'run this before each workload, its name as argument, and compare')
  .option('--check', 'check the losses and time nothing')
  .option('--table', 'print the table to stdout, and no JSON lines')
  // 1 means a wrong loss.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : WRONG_USAGE))
  .action(run);

async function run(names: readonly WorkloadName[], options: Options): Promise<void> {
  setDefaultBackend(options.backend);
  if (options.backend === 'simd') configure(options);
  const peers: Line[] = options.peers ? parseLines(readFileSync(options.peers, 'utf8')) : [];
  const ours: OurLine[] = [];
  for (let round = 0; round < options.rounds; round++) {
    for (const name of names.length > 0 ? names : workloadNames) {
      if (options.peersCommand) peers.push(...told(await runPeers(options.peersCommand, name), options));
      for (const normDevice of options.normDevice ?? usualDevices(name)) {
        ours.push(...told(await measured(name, normDevice, options), options));
      }
    }
  }
  if (options.check || ours.length === 0) return;
  const medians = mergeRounds(ours);
  const text = peers.length > 0 ? ratioTable(medians, peers) : resultTable(medians);
  (options.table ? process.stdout : process.stderr).write(text);
}

function configure({ precision, threads, vectors }: Options): void {
  try {
    configureSimd({ precision, threads, vectors });
  } catch (error) {
    program.error(`error: ${(error as Error).message}`);
  }
}

/** A result, or none where the losses are wrong, which the exit code tells. */
async function measured(
  name: WorkloadName,
  normDevice: NormDevice | undefined,
  { seconds, check, backend, precision, threads }: Options,
): Promise<OurLine[]> {
  const computing = backend === 'simd' ? { precision, threads } : undefined;
  try {
    return [await measure(name, check ? 0 : seconds, { normDevice }, computing)];
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
    return [];
  }
}

/** Prints lines as they come. */
function told<T extends Line>(lines: readonly T[], { table }: Options): readonly T[] {
  if (!table) for (const line of lines) process.stdout.write(`${toJsonLine(line)}\n`);
  return lines;
}

function deviceNamed(name: string): NormDevice {
  const device = normDevices.find((known) => known === name);
  if (device) return device;
  throw new InvalidArgumentError(`It must be one of ${normDevices.join(', ')}.`);
}

function atLeast(low: number) {
  return (word: string): number => {
    const value = Number(word);
    if (word.trim() !== '' && Number.isFinite(value) && value >= low) return value;
    throw new InvalidArgumentError(`It must be a number of at least ${low}.`);
  };
}

await program.parseAsync();
