/** The command line of tamegrad: which commands there are, and how errors become one line and an exit code. */

import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { demos } from '../demos/index.js';
import { printable } from '../src/persist/files/index.js';
import { runAdvise } from './commands/advise/command.js';
import type { AdviseOptions } from './commands/advise/options.js';
import { runDemo } from './commands/demo/command.js';
import { type ExperimentOptions, joinExperiments, runExperiments } from './commands/experiment/command.js';
import { type LabOptions, runLab } from './commands/lab/command.js';
import { type JoinOptions, joinSweep, runSweep, type SweepOptions } from './commands/sweep/command.js';
import { UsageError } from './errors.js';
import {
  adviseOptions,
  type CommonOptions,
  commonOptions,
  demoOptions,
  experimentOptions,
  joinOptions,
  labOptions,
  resultOptions,
  sweepOptions,
} from './options.js';

/** Exit code of a failure; a run that a signal ended has another code (interrupt.ts). */
export const FAILED = 1;
const WRONG_USAGE = 2;
const LINE = 80;
/** Most characters of an error: what it quotes may be as long as an argument can be. */
const LONGEST = 1000;

/** Runs the command line with the words after `tamegrad`; resolves to the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  let code = 0;
  const program = buildProgram((exitCode) => {
    code = exitCode;
  });
  try {
    await program.parseAsync(asMeant(words), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    tellError(error);
    return error instanceof UsageError ? WRONG_USAGE : FAILED;
  }
}

/** An error in one line of bounded length, with nothing in it that a terminal would act on. */
export function tellError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${printable(message, LONGEST)}\n`);
}

/**
 * `demo --seed 2` means the first demo, `demo --steps 9 digits` the same as `demo digits --steps 9`, `sweep latch` the same
 * as `sweep demo latch`, and `help demo` the same as `demo --help`.
 */
function asMeant(words: readonly string[]): string[] {
  const [command, ...rest] = words;
  if (command === 'help') return [...rest, '--help'];
  if (command === 'sweep' && demos.some(({ name }) => name === rest[0])) return [command, 'demo', ...rest];
  if (command !== 'demo') return [...words];
  const place = rest.findIndex((word, i) => !word.startsWith('-') && !VALUED.has(rest[i - 1]));
  if (place >= 0) return [command, rest[place], ...rest.slice(0, place), ...rest.slice(place + 1)];
  const asksHelp = rest.some((word) => word === '-h' || word === '--help');
  return asksHelp ? [command, '--help'] : [command, demos[0].name, ...rest];
}

/** Options that take a value: the word after one of them is never the demo, even where it is a demo's name. */
const VALUED: ReadonlySet<string> = new Set(
  demos
    .flatMap(demoOptions)
    .filter((option) => option.required)
    .map((option) => option.long!),
);

function buildProgram(done: (exitCode: number) => void): Command {
  const program = new Command('tamegrad')
    .description('Exploding gradients, reproduced on purpose and tamed by clipping.')
    .addOption(new Option('--version', 'print the version'))
    .on('option:version', () => {
      process.stdout.write(`${version()}\n`);
      throw new CommanderError(0, 'commander.version', 'version');
    })
    .helpCommand(false);
  const demo = configure(program.command('demo'))
    .description(`run a demo once under each clip spec, side by side (default: ${demos[0].name})`)
    .usage('[name] [options]')
    .helpCommand(false)
    .addHelpText('after', ({ command }) => `\n${commonHelp(command)}`);
  for (const entry of demos) {
    const command = configure(demo.command(entry.name)).description(entry.summary);
    for (const option of demoOptions(entry)) command.addOption(option);
    command.action(async (options: CommonOptions) => done(await runDemo(entry, options)));
  }
  configure(program.command('list'))
    .description('list the demos')
    .action(() => {
      process.stdout.write(demos.map(({ name, summary }) => `${name.padEnd(10)}${summary}\n`).join(''));
    });
  addExperiments(program, done);
  addSweeps(program, done);
  addAdvise(program, done);
  addLab(program, done);
  return configure(program);
}

function addSweeps(program: Command, done: (exitCode: number) => void): void {
  const sweep = configure(program.command('sweep'))
    .description('train a demo under many clip specs, learning rates and seeds')
    .helpCommand(false);
  const group = configure(sweep.command('demo')).description('which demo').helpCommand(false);
  for (const demo of demos) {
    const command = configure(group.command(demo.name)).description(demo.summary);
    for (const option of sweepOptions(demo)) command.addOption(option);
    command.action(async (options: SweepOptions) => done(await runSweep(demo, options)));
  }
  const join = configure(sweep.command('join'))
    .description('join the rows that shards wrote')
    .argument('<file...>', 'what `sweep --shard` wrote');
  for (const option of joinOptions()) join.addOption(option);
  join.action(async (files: readonly string[], options: JoinOptions) =>
    done(await joinSweep(files, options)),
  );
}

function addAdvise(program: Command, done: (exitCode: number) => void): void {
  const advise = configure(program.command('advise'))
    .description('diagnose a training log and recommend a clip threshold')
    .argument('<file...>', 'the log, several, or the folder of a run; - for stdin');
  for (const option of adviseOptions()) advise.addOption(option);
  advise.action(async (files: readonly string[], options: AdviseOptions) =>
    done(await runAdvise(files, options)),
  );
}

function addLab(program: Command, done: (exitCode: number) => void): void {
  const lab = configure(program.command('lab')).description('serve the browser lab on this machine');
  for (const option of labOptions()) lab.addOption(option);
  lab.action(async (options: LabOptions) => done(await runLab(options)));
}

function addExperiments(program: Command, done: (exitCode: number) => void): void {
  const experiment = configure(program.command('experiment'))
    .description('run claims about clipping as experiments; without arguments, list them')
    .argument('[id...]', 'numbers or names of experiments, or all')
    .helpCommand(false);
  for (const option of experimentOptions()) experiment.addOption(option);
  experiment.action(async (ids: readonly string[], options: ExperimentOptions) =>
    done(await runExperiments(ids, options)),
  );
  const join = configure(experiment.command('join'))
    .description('join the --json output of shards')
    .argument('<file...>', 'what shards printed');
  for (const option of resultOptions()) join.addOption(option);
  join.action(async (files: readonly string[], _: unknown, command: Command) =>
    done(await joinExperiments(files, command.optsWithGlobals())),
  );
}

/** The options of all demos as lines of help, and where those of one demo are told. */
function commonHelp(command: Command): string {
  const options = commonOptions();
  const helper = command.createHelp();
  helper.helpWidth = process.stdout.columns ?? LINE;
  const width = Math.max(...options.map(({ flags }) => flags.length));
  const lines = options.map((option) => {
    return helper.formatItem(option.flags, width, helper.optionDescription(option), helper);
  });
  const own = demos.filter((demo) => demo.options.length > 0).map(({ name }) => name);
  const more = `Some have options of their own: ${own.map((name) => `tamegrad demo ${name} --help`)[0]}, and so on.`;
  return ['Options of every demo:', ...lines, '', more].join('\n');
}

/** From package.json, which is one folder up from here, in the sources and in dist. */
function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Errors in one line with the nearest word, and thrown instead of ending the process. */
function configure(command: Command): Command {
  return command.exitOverride().configureOutput({
    outputError: (text, write) => write(`${oneLine(text)}${remedy(text, command)}\n`),
  });
}

/** Commander's text: it sets its guess on a line of its own, all other line breaks are the argument's. */
function oneLine(text: string): string {
  const [, message, guess = ''] = /^(.*?)(\n\(Did you mean [^\n]*\))?$/s.exec(text.trim())!;
  return `${printable(message, LONGEST)}${guess.replace('\n', ' ')}`;
}

/** The words that would have done, where commander found none that is near. */
function remedy(text: string, command: Command): string {
  if (text.includes('Did you mean')) return '';
  if (text.includes('unknown command')) {
    return ` (known: ${command.commands.map((known) => known.name()).join(', ')})`;
  }
  if (text.includes('unknown option')) return ' (--help lists the options)';
  return '';
}
