/** The word that somebody meant: one search for options, columns, commands and clip specs. */

/** Longer words and lists are compared by their start: what is guessed may come from a file. */
const LONGEST = 100;
const MOST = 10_000;

/** The word most like the given one, whatever the case: by Dice's coefficient of their letter pairs; the first if none is. */
export function nearestOf(words: readonly string[], given: string): string {
  const wanted = pairsOf(given);
  let [nearest, most] = [words[0], 0];
  for (const word of words.slice(0, MOST)) {
    const own = pairsOf(word);
    const shared = [...own].filter((pair) => wanted.has(pair)).length / (own.size + wanted.size);
    if (shared > most) [nearest, most] = [word, shared];
  }
  return nearest;
}

/** The pairs of neighbouring letters, its start and end among them. */
function pairsOf(word: string): Set<string> {
  const letters = word.toLowerCase().replace(/[^a-z0-9]/g, '');
  const text = ` ${letters.slice(0, LONGEST)} `;
  return new Set(Array.from({ length: text.length - 1 }, (_, i) => text.slice(i, i + 2)));
}
