/** Errors that are the caller's words, not the program's failure: told apart by their exit code. */

/** Wrong usage: said in one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
