/** The word that somebody meant. Separate because commands and columns are guessed alike. */

/** The word most like what was given: by Dice's coefficient of their letter pairs, whatever the case. */
export function nearestOf(words: readonly string[], given: string): string {
  return words.toSorted((a, b) => sharedPairs(b, given) - sharedPairs(a, given))[0];
}

/** How much alike two words are: twice the letter pairs they share, over all they have. */
function sharedPairs(a: string, b: string): number {
  const [first, second] = [a, b].map((word) => {
    const text = ` ${word.toLowerCase().replace(/[^a-z0-9]/g, '')} `;
    return new Set(Array.from({ length: text.length - 1 }, (_, i) => text.slice(i, i + 2)));
  });
  const shared = [...first].filter((pair) => second.has(pair)).length;
  return (2 * shared) / (first.size + second.size);
}
