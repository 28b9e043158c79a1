/** Rows of tables in HTML, as notebooks and reports hold them, as lines of cells with tabs between. */

const tag = /<(\/?)(table|thead|tbody|tr|td|th)\b[^>]*>/gi;
const otherTags = /<[^>]*>/g;
const entities: Readonly<Record<string, string>> = { nbsp: ' ', lt: '<', gt: '>', amp: '&', minus: '-' };
/** Characters of a cell that are kept. */
const LONGEST = 300;
const MOST_CELLS = 10_000;

/** Whether a line has a part of a table. */
export function hasCells(line: string): boolean {
  return line.includes('<t') || line.includes('</t') || line.includes('<T') || line.includes('</T');
}

/** Collects cells until their row ends. */
export class HtmlRows {
  #cells: string[] = [];
  /** The text of the cell that is open; null between cells. */
  #cell: string | null = null;

  /** Takes a line; calls `take` with each row that ends in it. Returns whether there was a tag of a table. */
  push(line: string, take: (row: string) => void): boolean {
    let [from, found] = [0, false];
    for (const { 0: whole, 1: slash, 2: name, index } of line.matchAll(tag)) {
      found = true;
      this.#add(line.slice(from, index));
      from = index + whole.length;
      if (this.#cell !== null) {
        this.#cells.push(textOf(this.#cell));
        this.#cell = null;
      }
      if (/^t[dh]$/i.test(name)) this.#cell = slash === '' ? '' : null;
      else if (this.#cells.length > 0) {
        take(this.#cells.join('\t'));
        this.#cells = [];
      }
      if (this.#cells.length > MOST_CELLS) this.#cells = [];
    }
    this.#add(line.slice(from));
    return found;
  }

  #add(text: string): void {
    if (this.#cell !== null && this.#cell.length < LONGEST) this.#cell += text.slice(0, LONGEST);
  }
}

function textOf(cell: string): string {
  return cell
    .replace(otherTags, '')
    .replace(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/\s+/g, ' ')
    .trim();
}
