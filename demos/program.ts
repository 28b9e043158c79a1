/** The command line of tamegrad: which commands there are, and how errors become one line and an exit code. */

import { Command, CommanderError } from 'commander';
import { runDemo } from './demo-command.js';
import { UsageError } from './errors.js';
import { demos } from './index.js';
import { type CommonOptions, demoOptions } from './options.js';

const FAILED = 1;
const WRONG_USAGE = 2;

/** Runs the command line with the words after `tamegrad`; resolves to the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  let code = 0;
  const program = buildProgram((exitCode) => {
    code = exitCode;
  });
  try {
    await program.parseAsync(withDefaultDemo(words), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof UsageError ? WRONG_USAGE : FAILED;
  }
}

/** `demo --seed 2` means the first demo, and `demo --json digits` the same as `demo digits --json`. */
function withDefaultDemo(words: readonly string[]): string[] {
  const [command, ...rest] = words;
  const [next] = rest;
  const isNamed = next !== undefined && (!next.startsWith('-') || next === '-h' || next === '--help');
  if (command !== 'demo' || isNamed) return [...words];
  const place = rest.findIndex((word, i) => isDemo(word) && FLAGS.includes(rest[i - 1]));
  if (place < 0) return [command, demos[0].name, ...rest];
  return [command, rest[place], ...rest.slice(0, place), ...rest.slice(place + 1)];
}

/** Options that take no value: the word after one of them may be the demo. */
const FLAGS: readonly string[] = ['--json', '--quiet'];

function isDemo(word: string): boolean {
  return demos.some(({ name }) => name === word);
}

function buildProgram(done: (exitCode: number) => void): Command {
  const program = new Command('tamegrad')
    .description('Exploding gradients, reproduced on purpose and tamed by clipping.')
    .helpCommand(false);
  const demo = configure(program.command('demo'))
    .description(`run a demo side by side under every clip spec (default: ${demos[0].name})`)
    .usage('[name] [options]');
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
  return configure(program);
}

/** Errors in one line with the nearest word, and thrown instead of ending the process. */
function configure(command: Command): Command {
  return command.exitOverride().configureOutput({
    outputError: (text, write) => write(`${text.trim().replace(/\s*\n\s*/g, ' ')}${remedy(text, command)}\n`),
  });
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
