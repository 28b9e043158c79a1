/** What the build makes from the lessons' folders. */

declare module 'lab:sessions' {
  import type { Session } from './session.js';
  export const sessions: Readonly<Record<string, () => Promise<{ readonly default: Session }>>>;
}

declare module 'lab:lessons' {
  import type { LessonEntry } from './lesson.js';
  export const lessons: readonly LessonEntry[];
}
