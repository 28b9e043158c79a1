/** What tests use of the lab's build. */

import type { Plugin } from 'esbuild';
import type { LessonText } from '../lab/core/lesson.js';

export interface FoundLesson {
  readonly folder: string;
  readonly number: number;
  readonly name: string;
  readonly text: LessonText;
}
export function findLessons(folder: string): readonly FoundLesson[];
export function lessonIn(folder: string): FoundLesson;
export function parseLesson(markdown: string, name?: string): LessonText;
export function render(markdown: string): string;
export function lessonPlugin(folder: string): Plugin;
