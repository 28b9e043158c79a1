/** A judged log as one page: for each run the diagnosis with the loss, the thresholds with the norms. */

import type { JudgedLog, JudgedRun } from '../../../src/diagnose/index.js';
import { type Card, formatNumber, renderCollection } from '../../../src/report/index.js';
import { courseFigure, sortedFigure } from './figures.js';
import {
  factsOfCandidate,
  headlineOf,
  inForceSentence,
  isFault,
  missingSentence,
  OUT_OF_SAMPLE,
  readSentences,
  runInSentence,
  runName,
  TOLD_RUNS,
  thresholdOf,
  warningsOf,
  whyOf,
} from './words.js';

/** The HTML of a judged log; `words` repeat it, after `advise`. */
export function renderPage(log: JudgedLog, title: string, words: string): Promise<string> {
  const shown = log.judged.slice(0, TOLD_RUNS);
  return renderCollection({
    title: `Advice on ${title}`,
    lead: readSentences(log).join(' '),
    verdict: shown
      .map((each, i) => `${log.judged.length > 1 ? runInSentence(each, i) : 'Diagnosis'}: ${summaryOf(each)}`)
      .join(' '),
    parts: shown.map((each, i) => ({
      heading: shown.length > 1 ? runName(each, i) : 'The run',
      cards: cardsOf(each, log, i + 1),
    })),
    again: 'The same log gives the same page.',
    commands: { 'Where tamegrad is installed:': `npx tamegrad advise ${words}` },
  });
}

/** Diagnosis and threshold in one sentence each. */
function summaryOf(judged: JudgedRun): string {
  const { headline } = judged.diagnosis;
  return `${headlineOf(headline)}. Threshold: ${thresholdOf(judged).replace(/\.$/, '')}.`;
}

function cardsOf(judged: JudgedRun, log: JudgedLog, number: number): Card[] {
  const { diagnosis, advice } = judged;
  const { headline } = diagnosis;
  const missing = missingSentence(judged);
  const inForce = inForceSentence(judged, log);
  const diagnosisCard: Card = {
    id: `diagnosis-${number}`,
    name: 'Diagnosis',
    title: 'What does the log say of the run?',
    status: headlineOf(headline),
    tone: isFault(headline) ? 'bad' : headline.cause === 'unknown' ? 'plain' : 'ok',
    paragraphs: [
      ...diagnosis.verdicts.flatMap((verdict, i) => [
        `${i > 0 ? `Also: ${headlineOf(verdict)}. ` : ''}${verdict.seen} ${verdict.means}`,
        `Next: ${verdict.next}`,
      ]),
      ...(missing ? [missing] : []),
    ],
    facts: [],
    figure: courseFigure(judged, 'loss'),
  };
  const thresholdCard: Card = {
    id: `threshold-${number}`,
    name: 'Threshold',
    title: 'At which norm would clipping help this run?',
    status: thresholdOf(judged),
    tone: 'plain',
    paragraphs: advice
      ? [
          whyOf(judged) ?? '',
          ...candidateSentences(judged),
          OUT_OF_SAMPLE,
          ...(inForce ? [inForce] : []),
          ...warningsOf(judged),
        ]
      : [],
    facts: [],
    figure: courseFigure(judged, 'norm'),
  };
  const sortedCard: Card = {
    id: `norms-${number}`,
    name: 'Norms',
    title: 'How are the norms distributed?',
    status: `${formatNumber(advice?.count ?? 0)} norms`,
    tone: 'plain',
    paragraphs: [],
    facts: [],
    figure: sortedFigure(judged),
  };
  return advice ? [diagnosisCard, thresholdCard, sortedCard] : [diagnosisCard, thresholdCard];
}

/** The rows of the terminal's table as sentences. */
function candidateSentences({ advice }: JudgedRun): string[] {
  return (advice?.candidates ?? []).map((candidate) => {
    const { threshold, ...facts } = factsOfCandidate(candidate);
    const told = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
    return `The ${candidate.name}, ${threshold}: ${told.join('; ')}.`;
  });
}
