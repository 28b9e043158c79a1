/** Ranges in the words of a sweep: `0.1..10x12` is twelve numbers from 0.1 to 10, each the same factor from the last. */

/** More are no range that anyone sweeps. */
const MOST = 1000;

/** The numbers of one number, a list `0.1,1`, or a range `0.1..10x12` of at most 1,000; null if the text is neither. */
export function parseRange(text: string): readonly number[] | null {
  const range = /^([^.,]+(?:\.[^.,]+)?)\.\.([^x,]+)x(\d+)$/.exec(text);
  const numbers = range
    ? spread(Number(range[1]), Number(range[2]), Number(range[3]))
    : text.split(',').map(toNumber);
  return numbers.length > 0 && numbers.every((x) => Number.isFinite(x) && x >= 0) ? numbers : null;
}

/** `count` numbers from low to high, evenly on a logarithmic axis, to four digits: they are read and typed again. */
function spread(low: number, high: number, count: number): readonly number[] {
  if (!(low > 0 && high > low && count >= 2 && count <= MOST)) return [];
  return Array.from({ length: count }, (_, i) =>
    Number((low * (high / low) ** (i / (count - 1))).toPrecision(4)),
  );
}

function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** The clip specs of `norm:0.1..10x12:p=inf`; a spec without a range is itself. */
export function expandSpec(text: string): readonly string[] | null {
  const [word, amount = '', ...options] = text.split(':');
  if (!/\.\.|,/.test(amount)) return [text];
  return parseRange(amount)?.map((value) => [word, value, ...options].join(':')) ?? null;
}
