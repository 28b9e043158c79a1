/** Questions. What is right is computed, in the page as in the tests: nobody's memory is the answer key. */

import type { SessionClient } from './client.js';
import type { Session } from './session.js';

/** One of several answers. */
export interface ChoiceQuestion<S extends Session = Session> {
  readonly ask: string;
  readonly options: readonly string[];
  /** The place of the right option, from what the engine computes. */
  readonly answer: (lab: SessionClient<S>) => number | Promise<number>;
  /** Said once answered: why it is so. */
  readonly because: string;
}

/** A number. */
export interface NumberQuestion<S extends Session = Session> {
  readonly ask: string;
  readonly unit?: string;
  readonly answer: (lab: SessionClient<S>) => number | Promise<number>;
  /** How far off an answer may be, relative to the right one. Default 0.01. */
  readonly tolerance?: number;
  readonly because: string;
}

/** A question of a quiz. Text may hold `code`. */
export type Question<S extends Session = Session> = ChoiceQuestion<S> | NumberQuestion<S>;

/** What `quiz.ts` exports by default: three questions. */
export type Quiz = readonly Question[];

/** Declares the questions of a lesson, with the types of its session. */
export function defineQuiz<S extends Session>(questions: readonly Question<S>[]): Quiz {
  return questions as readonly Question[];
}

/** Whether a question offers options. */
export function isChoice(question: Question): question is ChoiceQuestion {
  return 'options' in question;
}

/** Whether what was given is right. */
export function isRight(question: Question, given: number, right: number): boolean {
  if (isChoice(question)) return given === right;
  return Math.abs(given - right) <= (question.tolerance ?? 0.01) * Math.max(Math.abs(right), 1e-12);
}
