/** The command line in this process, which is quicker than one of its own. */

import { vi } from 'vitest';
import { main } from '../../cli/program.js';
import type { Finished } from './bundled.js';

/** Runs the words after `tamegrad`; what they print is caught. */
export async function inProcess(words: readonly string[]): Promise<Finished> {
  let [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text;
    return true;
  });
  try {
    const code = await main(words);
    return { code, out, err };
  } finally {
    vi.restoreAllMocks();
  }
}
