/** What a learner has done: kept in this browser, and taken along as a file. */

/** Of one lesson. */
export interface LessonProgress {
  /** The code as it was left; never run by itself. */
  readonly code?: string;
  readonly solved?: boolean;
  readonly tries?: number;
  /** The answers given, by question. */
  readonly answers?: Readonly<Record<number, { readonly given: number; readonly right: boolean }>>;
}

/** The file, and what is stored. */
export interface Progress {
  readonly tamegradLab: 1;
  readonly lessons: Readonly<Record<string, LessonProgress>>;
}

const KEY = 'tamegrad-lab';
const EMPTY: Progress = { tamegradLab: 1, lessons: {} };

/** Progress that outlives the page where the browser allows it. */
export class ProgressStore {
  #progress: Progress;
  /** Whether it is kept when the page is closed. */
  readonly kept: boolean;
  readonly #storage: Storage | null;
  /** Called after every change. */
  readonly listeners = new Set<() => void>();

  constructor(storage: () => Storage | null = () => localStorage) {
    let found: Storage | null = null;
    let text: string | null = null;
    try {
      found = storage();
      text = found?.getItem(KEY) ?? null;
    } catch {
      found = null;
    }
    this.#storage = found;
    this.kept = found !== null;
    try {
      this.#progress = text === null ? EMPTY : parseProgress(text);
    } catch {
      // Of another version: what is stored stays until something new is saved.
      this.#progress = EMPTY;
    }
  }

  of(lesson: string): LessonProgress {
    return this.#progress.lessons[lesson] ?? {};
  }

  update(lesson: string, changes: LessonProgress): void {
    const lessons = { ...this.#progress.lessons, [lesson]: { ...this.of(lesson), ...changes } };
    this.#set({ ...this.#progress, lessons });
  }

  /** The text of the file that a class hands in. */
  export(): string {
    return `${JSON.stringify(this.#progress, null, 2)}\n`;
  }

  /** Takes a file. Throws an Error that says what is wrong with it, with nothing changed. */
  import(text: string): void {
    this.#set(parseProgress(text));
  }

  #set(progress: Progress): void {
    this.#progress = progress;
    try {
      this.#storage?.setItem(KEY, JSON.stringify(progress));
    } catch {
      // Full or forbidden: it lasts as long as the page.
    }
    for (const listener of this.listeners) listener();
  }
}

/** Reads a file of progress. Throws an Error that says what is wrong with it. */
export function parseProgress(text: string): Progress {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    throw new Error('this file is not progress of the lab: it is not JSON');
  }
  if (!isRecord(read) || !('tamegradLab' in read)) throw new Error('this file is not progress of the lab');
  if (read.tamegradLab !== 1)
    throw new Error(`this file has version ${read.tamegradLab}; this page reads version 1`);
  if (!isRecord(read.lessons)) throw new Error('this file is not progress of the lab: it has no lessons');
  const lessons = Object.entries(read.lessons).map(([name, lesson]) => [name, checked(name, lesson)]);
  return { tamegradLab: 1, lessons: Object.fromEntries(lessons) };
}

function checked(name: string, lesson: unknown): LessonProgress {
  const bad = (what: string): never => {
    throw new Error(`this file is not progress of the lab: ${what} of lesson ${name}`);
  };
  if (!isRecord(lesson)) return bad('the entry');
  const { code, solved, tries, answers } = lesson;
  if (code !== undefined && typeof code !== 'string') bad('the code');
  if (solved !== undefined && typeof solved !== 'boolean') bad('"solved"');
  if (tries !== undefined && !(Number.isInteger(tries) && (tries as number) >= 0)) bad('the number of tries');
  if (answers !== undefined) {
    const fine = ([k, answer]: [string, unknown]): boolean =>
      /^\d+$/.test(k) &&
      isRecord(answer) &&
      typeof answer.given === 'number' &&
      typeof answer.right === 'boolean';
    if (!isRecord(answers) || !Object.entries(answers).every(fine)) bad('the answers');
  }
  return { code, solved, tries, answers } as LessonProgress;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
