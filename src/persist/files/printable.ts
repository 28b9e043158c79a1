/** Text of others (paths, arguments, names) as part of a one-line message: no control characters, no line breaks, no end. */

/** Longest text that a message quotes whole. */
const MOST = 160;
/** Of a longer one, so much of its end is shown: a path tells most there. */
const TAIL = 60;

/** Control and format characters, line breaks of every kind, and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** `text` with what a terminal would act on shown as `\x1b` or `\u{202e}`, and its middle left out where it is longer than `most`. */
export function printable(text: string, most = MOST): string {
  return abridge(text, most).replace(unprintable, escaped);
}

/** The text, or its beginning and end and how long it is. */
function abridge(text: string, most: number): string {
  if (text.length <= most) return text;
  const tail = Math.min(TAIL, Math.floor(most / 3));
  return `${text.slice(0, most - tail)} … (${text.length} characters) … ${text.slice(-tail)}`;
}

function escaped(character: string): string {
  const code = character.codePointAt(0)!;
  if (short[character]) return short[character];
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
