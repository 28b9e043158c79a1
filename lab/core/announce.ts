/** What a screen reader is told: one polite region of the page, not every step of a run. */

/** Between two announcements, in ms. */
const QUIET = 1500;

/** Speaks through a live region: the latest words, at most every 1.5 s, and never the same twice in a row. */
export class Announcer {
  readonly #region: HTMLElement;
  #words = '';
  #said = '';
  #timer: ReturnType<typeof setTimeout> | null = null;
  #last = Number.NEGATIVE_INFINITY;

  constructor(region: HTMLElement) {
    this.#region = region;
  }

  say(words: string): void {
    this.#words = words;
    if (this.#timer !== null || words === this.#said) return;
    const wait = Math.max(0, this.#last + QUIET - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#last = performance.now();
      if (this.#words === this.#said) return;
      this.#said = this.#words;
      this.#region.textContent = this.#words;
    }, wait);
  }
}
