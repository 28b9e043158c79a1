/** Options by name: merged, completed, and refused where there is none of that name. Everything that takes options uses it. */

/** The later of two sets of options wins; what is undefined is left out. */
export function mergeOptions(options: object, over: object): object {
  const given = Object.entries(over).filter(([, value]) => value !== undefined);
  return { ...options, ...Object.fromEntries(given) };
}

/** Throws unless options are an object whose names are all known; says which name is nearest. */
export function checkNames(caller: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new Error(`${caller}: options must be an object with any of ${known.join(', ')}, got ${options}`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const [nearest] = known.toSorted((a, b) => distance(name, a) - distance(name, b));
    throw new Error(
      `${caller}: there is no option '${name}'; the nearest is '${nearest}' of ${known.join(', ')}`,
    );
  }
}

/** Options made complete. Throws where one has a name that the defaults have not. */
export function withDefaults<Options extends object>(
  caller: string,
  options: Options,
  defaults: Required<Options>,
): Required<Options> {
  checkNames(caller, options, Object.keys(defaults));
  return mergeOptions(defaults, options) as Required<Options>;
}

/** Letters to insert, delete or replace until one name is the other, without regard to case and underscores. */
function distance(a: string, b: string): number {
  const [from, to] = [a, b].map((name) => name.toLowerCase().replaceAll('_', ''));
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[to.length];
}
