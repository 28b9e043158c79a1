#!/usr/bin/env node
/** The executable: runs the command line and leaves with its exit code. */

import { configureSimd } from '../src/index.js';
import { secureOutput } from './output.js';
import { FAILED, main, tellError } from './program.js';

/** What nobody caught: told in one line, like any other failure. */
function fail(error: unknown): void {
  tellError(error);
  process.exit(FAILED);
}

secureOutput(fail);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

// The same bits, faster: what the flag of V8 for it does to this process is nobody else's business.
configureSimd({ vectors: 'auto' });

process.exitCode = await main(process.argv.slice(2));
