/** What the walk over every export leaves out, and why. */

const named =
  'its first argument is the name that its message begins with; checked for those who write clippers';

/** Exports that do not say in one line of their own what is wrong; the walk fails once one of them does. */
export const tolerated: Readonly<Record<string, string>> = {
  check: named,
  checkAll: named,
  checkedParameters: named,
  checkThreshold: named,
  oneOf: named,
  optional: named,
  settingsOf: named,
  thresholdAt: named,
};

/** Methods for the engine and the optimizers alone. */
export const internal: readonly string[] = [
  'accumulateGrad',
  'become',
  'children',
  'leaveBlock',
  'moveTo',
  'replaceGrad',
  'replaceValue',
  'valueOf',
];
