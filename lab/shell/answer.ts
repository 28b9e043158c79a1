/** Numbers as people write them. */

/** A number as people write it: a decimal comma too, and 1/3. */
export function parseAnswer(given: FormDataEntryValue | null): number | null {
  if (typeof given !== 'string' || given.trim() === '') return null;
  const text = given.trim().replace(',', '.').replace('−', '-');
  const [, over, under] = /^(-?[\d.]+)\s*\/\s*([\d.]+)$/.exec(text) ?? [];
  const value = over === undefined ? Number(text) : Number(over) / Number(under);
  return Number.isFinite(value) ? value : null;
}
