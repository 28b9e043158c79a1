/** What the entry point offers: enough to extend the library from outside, and nothing of its insides. */

import { expect, it } from 'vitest';
import * as tg from '../src/index.js';

it('an op, a layer, a hook, an optimizer and a backend can be written from outside', () => {
  const needed = [
    'defineOp',
    'gradcheck',
    'checkOp',
    'checkThreshold',
    'clipFactor',
    'mayRemember',
    'runHook',
    'defineOptimizer',
    'thresholdAt',
    'fullLike',
    'Tensor',
    'ShapeError',
    'formatShape',
    'sameShape',
    'Variable',
    'variable',
    'Module',
    'Parameter',
    'Gradients',
    'NormMeter',
    'Optimizer',
    'registerBackend',
    'longLived',
    'scope',
  ];
  expect(needed.filter((name) => !(name in tg))).toEqual([]);
});

it('what the layers of the library share among themselves stays inside', () => {
  const internal = [
    'activationGrad',
    'affineOf',
    'allocateArray',
    'bytesOf',
    'applyOp',
    'checkSum',
    'checkedHooks',
    'chosenBackend',
    'drawInputs',
    'causalSoftmax',
    'concatTensors',
    'crc32',
    'crossEntropyRows',
    'squaredError',
    'dtypeOf',
    'gru',
    'gruTrace',
    'isContiguous',
    'keep',
    'lstm',
    'lstmTrace',
    'makeView',
    'normalizeAxes',
    'normalizeAxis',
    'layerNorm',
    'packParameters',
    'pickRows',
    'power',
    'recurrenceLast',
    'recurrentGrads',
    'recurrentStates',
    'restoreAll',
    'rowMajorStrides',
    'stepOf',
    'takeStep',
    'watched',
  ];
  expect(internal.filter((name) => name in tg)).toEqual([]);
});
