/** What is wrong with a log, in one line. */

/** A log that cannot be judged. */
export class LogError extends Error {
  override name = 'LogError';
  /** Whether another option would do, such as the name of a column. */
  readonly isUsage: boolean;

  constructor(message: string, isUsage = false) {
    super(message);
    this.isUsage = isUsage;
  }
}

/** Control characters, and those that turn or hide text. */
const unsafe = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** Text of a log as it may be shown: one line, no control characters, bounded. */
export function shown(text: string, most = 60): string {
  const clean = text.slice(0, 4 * most).replace(unsafe, ' ');
  return clean.length > most ? `${clean.slice(0, most - 1)}…` : clean;
}

/** The first few names of a list: `a, b, c, and 7 more`. */
export function someOf(names: readonly string[], most = 8): string {
  const first = names.slice(0, most).map((name) => shown(name));
  return names.length > most ? `${first.join(', ')}, and ${names.length - most} more` : first.join(', ');
}

/** A word of a command line, in quotes where the shell needs them. */
export function quoted(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${shown(word, 200).replaceAll("'", "'\\''")}'`;
}
