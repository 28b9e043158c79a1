/** Names from files and arguments as messages show them: short, on one line, control characters as escapes. */

const LONGEST = 60;

/** A value between quotes, cut where it is long; an object as JSON. */
export function quoted(value: unknown, mark = "'"): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  const start = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return `${mark}${visible(start)}${mark}`;
}

/** Text with control characters as escapes, so that it stays on its line and commands no terminal. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, escaped);
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

const SHOWN = 8;

/** The first few, and how many more. */
export function listed(items: readonly string[], separator = ', '): string {
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${items.slice(0, SHOWN).join(separator)}${more}`;
}
