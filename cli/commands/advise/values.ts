/** What the cells of logs mean, as Python, C, Excel and we ourselves write them. */

const notANumber = /^[+-]?(nan(\(.*\))?|1\.#(qnan|snan|ind).*)$/i;
const infinite = /^([+-]?)(inf|infinity|∞|1\.#inf.*)$/i;
const nothing = /^(none|null|undefined|n\/?a|-+|–)$/i;
/** `tensor(0.5, device='cuda:0')`, of a PyTorch scalar that was written as it is; no list, and no decimal comma. */
const tensor = /^tensor\(\[?([^,\])]+)(?:[\])]|,(?!\s*[-\d]))/;
const decimalComma = /^[+-]?\d+,\d+(e[+-]?\d+)?$/i;

/** The number of a cell; undefined where it is empty, null where it holds something else. */
export function numberOf(cell: unknown): number | undefined | null {
  if (typeof cell === 'number') return cell;
  if (cell === undefined || cell === null || cell === '') return undefined;
  if (typeof cell !== 'string') return null;
  const value = Number(cell);
  return Number.isNaN(value) || value === 0 ? oddNumber(cell.trim(), value) : value;
}

function oddNumber(text: string, value: number): number | undefined | null {
  if (text === '' || nothing.test(text)) return undefined;
  if (value === 0) return 0;
  if (notANumber.test(text)) return Number.NaN;
  const sign = infinite.exec(text)?.[1];
  if (sign !== undefined) return sign === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (decimalComma.test(text)) return Number(text.replace(',', '.'));
  const inner = tensor.exec(text)?.[1];
  return inner === undefined ? null : numberOf(inner);
}

/** Whether a cell says yes; undefined where it says neither. */
export function flagOf(cell: unknown): boolean | undefined {
  if (/^(true|yes|1(\.0*)?)$/i.test(String(cell))) return true;
  return /^(false|no|0(\.0*)?)$/i.test(String(cell)) ? false : undefined;
}

/** A name: a number, or text. Text is copied: a part of a line would keep the whole piece of the file in memory. */
export function nameOf(cell: unknown): number | string | undefined {
  if (cell === undefined || cell === null || cell === '') return undefined;
  return numberOf(cell) ?? Buffer.from(String(cell)).toString();
}

/** Numbers by name, as a nested object holds them; undefined where it is none. */
export function numbersOf(cell: unknown): Readonly<Record<string, number>> | undefined {
  if (typeof cell !== 'object' || cell === null || Array.isArray(cell)) return undefined;
  const numbers = Object.entries(cell).flatMap(([name, value]) => {
    const number = numberOf(value);
    return typeof number === 'number' ? [[name, number] as const] : [];
  });
  return Object.fromEntries(numbers);
}
