/** What a lesson is made of. The folder of one holds a file for each; the build finds the folders. */

import type { Exercise } from './exercise.js';
import type { Quiz } from './quiz.js';
import type { WidgetClass } from './widget.js';

/** What `lesson.md` says. */
export interface LessonText {
  readonly title: string;
  /** One sentence: what to do first. */
  readonly lead: string;
  /** HTML of its parts, in the order of the page. */
  readonly tryThis: string;
  readonly explanation: string;
  readonly exercise: string;
  readonly source: string;
  /** Ids of the experiments whose claims the lesson is about. */
  readonly claims: readonly string[];
}

/** A lesson, loaded. */
export interface Lesson {
  readonly text: LessonText;
  readonly widget: WidgetClass;
  readonly exercise: Exercise;
  readonly quiz: Quiz;
}

/** A lesson as the list knows it. */
export interface LessonEntry {
  /** Of its session, its part of the progress, its custom element: the folder's name without the number. */
  readonly name: string;
  /** What a link calls it. */
  readonly number: number;
  readonly title: string;
  readonly load: () => Promise<Lesson>;
}
