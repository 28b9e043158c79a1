/** What the cells of logs mean, as Python, C, spreadsheets and we ourselves write them. */

const notANumber = /^[+-]?(nan(\([^)]*\))?|1\.#(qnan|snan|ind)\d*)$/i;
const infinite = /^([+-]?)(inf|infinity|∞|1\.#inf\d*)$/i;
const nothing = /^(none|null|undefined|n\/?a|-+|–|—)$/i;
/** `tensor(0.5, device='cuda:0')` and `np.float64(0.5)`: a scalar that was written as it is; no list, and no decimal comma. */
const wrapped = /^[a-z_][\w.]*\(\[?([^,()[\]]+)(?:[\])]|,(?! ?[-\d]))/i;
const decimalComma = /^[+-]?\d+,\d+(e[+-]?\d+)?$/i;
const thousands = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;
const underscored = /^[+-]?\d+(_\d+)+(\.\d+)?$/;
const withUnit = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?) ?([a-zµ%][a-zµ%/²]{0,7})$/i;
const listOfOne = /^\[ ?([^,[\] ]+) ?\]$/;
/** No number is longer, and what is longer must cost no time. */
const LONGEST = 200;

/** The number of a cell; undefined if it is empty, null if it holds something else. */
export function numberOf(cell: unknown): number | undefined | null {
  if (typeof cell === 'number') return cell;
  if (cell === undefined || cell === null || cell === '') return undefined;
  if (typeof cell === 'string') {
    if (cell.length > LONGEST) return null;
    const value = Number(cell);
    return Number.isNaN(value) || value === 0 ? oddNumber(cell.trim(), value) : value;
  }
  // Loggers write a scalar as a list of one.
  return Array.isArray(cell) && cell.length === 1 ? numberOf(cell[0]) : null;
}

function oddNumber(text: string, value: number): number | undefined | null {
  if (text === '' || nothing.test(text)) return undefined;
  if (value === 0) return 0;
  if (notANumber.test(text)) return Number.NaN;
  const sign = infinite.exec(text)?.[1];
  if (sign !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (decimalComma.test(text)) return Number(text.replace(',', '.'));
  if (thousands.test(text)) return Number(text.replaceAll(',', ''));
  if (underscored.test(text)) return Number(text.replaceAll('_', ''));
  const inner = (wrapped.exec(text) ?? listOfOne.exec(text))?.[1];
  if (inner !== undefined) return numberOf(inner);
  const [, number, unit] = withUnit.exec(text) ?? [];
  return number === undefined ? null : Number(number) * (multiples[unit] ?? 1);
}

const multiples: Readonly<Record<string, number>> = { k: 1e3, K: 1e3, M: 1e6 };

/** How a cell with commas may be read: `1,010` both ways, `0,5` and `1,010.5` in one only; null without commas. */
export function commaIn(cell: string): 'decimal' | 'thousands' | 'either' | null {
  if (cell.length > LONGEST || !cell.includes(',')) return null;
  const text = cell.trim();
  if (!thousands.test(text)) return decimalComma.test(text) ? 'decimal' : null;
  if (!decimalComma.test(text)) return 'thousands';
  return /^[+-]?0/.test(text) ? 'decimal' : 'either';
}

const fraction = /^\s*(\d{1,15})\s*\/\s*\d{1,15}\s*$/;

/** The number of a cell of steps: `78/176` is step 78. */
export function stepOf(cell: unknown): number | undefined | null {
  const value = numberOf(cell);
  if (value !== null || typeof cell !== 'string' || cell.length > LONGEST) return value;
  const done = fraction.exec(cell)?.[1];
  return done === undefined ? null : Number(done);
}

/** Whether a cell says yes; undefined if it says neither. */
export function flagOf(cell: unknown): boolean | undefined {
  if (typeof cell === 'object') return undefined;
  if (/^(true|yes|1(\.0*)?)$/i.test(String(cell))) return true;
  return /^(false|no|0(\.0*)?)$/i.test(String(cell)) ? false : undefined;
}

/** A name: a number, or text. Text is copied: a part of a line would keep the whole piece of the file in memory. */
export function nameOf(cell: unknown): number | string | undefined {
  if (cell === undefined || cell === null || cell === '' || typeof cell === 'object') return undefined;
  const text = String(cell).trim();
  const value = typeof cell === 'number' ? cell : text === '' ? Number.NaN : Number(text);
  if (!Number.isNaN(value)) return value;
  return text === '' || nothing.test(text) ? undefined : copied(text.slice(0, LONGEST));
}

/** A string of its own memory. */
export function copied(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}

/** Numbers by name, as a nested object holds them; undefined if it holds none. */
export function numbersOf(cell: unknown): Readonly<Record<string, number>> | undefined {
  if (typeof cell !== 'object' || cell === null || Array.isArray(cell)) return undefined;
  const numbers = Object.entries(cell).flatMap(([name, value]) => {
    const number = numberOf(value);
    return typeof number === 'number' ? [[name, number] as const] : [];
  });
  return Object.fromEntries(numbers);
}
