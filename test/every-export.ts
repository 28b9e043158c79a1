/** What the walk over every export leaves out, and why. */

const extending = 'for those who write clippers and hooks: the runner has checked what it hands them';
const plainData = 'takes plain data; its folder knows nothing of tensors and their checks of arguments';
const unwrapped = 'takes its options apart in the signature, before anything can be checked';
const paths = 'does not check that a path is a string';

/** Exports that do not yet say in one line what is wrong; the walk fails once one of them does. */
export const tolerated: Readonly<Record<string, string>> = {
  Gradients: extending,
  Optimizer: 'the base class, which a rule makes: defineOptimizer is what users call',
  parseClipSpec: 'names the spec, as the command line shows it, and no function',
  comparisonFigures: plainData,
  condense: plainData,
  cutToDomain: plainData,
  domainOf: plainData,
  escapeHtml: plainData,
  explosionCap: plainData,
  extent: plainData,
  formatTick: plainData,
  formatTickRich: plainData,
  renderCollection: plainData,
  renderFigure: plainData,
  renderReport: plainData,
  encodeCheckpoint: unwrapped,
  saveCheckpoint: unwrapped,
  trainReplicas: unwrapped,
  loadCheckpoint: paths,
  openRunLog: paths,
  readSafetensors: paths,
  writeSafetensors: paths,
};

/** Loops over a range that it does not check: with text for a number it never ends. */
export const endless: Readonly<Record<string, string>> = { logTicks: plainData, linearTicks: plainData };

/** Methods for the engine and the optimizers alone. */
export const internal: readonly string[] = [
  'accumulateGrad',
  'children',
  'leaveBlock',
  'moveTo',
  'replaceGrad',
  'replaceValue',
  'valueOf',
];
