/** Where the fixed points of a recurrent unit appear and merge: counted, not solved for. */

import { EXACT } from '../../demos/cliff/model.js';
import { sigmoid, tensor } from '../../src/index.js';

/** All fixed points lie here for the w of the figures. */
const REACH = 8;
const POINTS = 8001;
const HALVINGS = 40;

/**
 * The two b at which x = w·σ(x) + b changes between one solution and three, for w > 4: each is bracketed by a b with one
 * and a b with three, and the bracket is halved. A solution is a change of sign of w·σ(x) + b − x between two neighbours of a fine grid.
 */
export function foldsAt(w: number): readonly [lower: number, upper: number] {
  const x = Array.from({ length: POINTS }, (_, i) => -REACH + (2 * REACH * i) / (POINTS - 1));
  const output = sigmoid(tensor(x, EXACT)).value.data();
  /** b at which each x is a fixed point. */
  const levels = x.map((at, i) => at - w * output[i]);
  const solutions = (b: number) => {
    let count = 0;
    for (let i = 1; i < POINTS; i++) if (levels[i - 1] < b !== levels[i] < b) count++;
    return count;
  };
  const middle = -w / 2;
  const boundary = (outside: number) => {
    let [one, three] = [outside, middle];
    for (let k = 0; k < HALVINGS; k++) {
      const between = (one + three) / 2;
      if (solutions(between) >= 3) three = between;
      else one = between;
    }
    return (one + three) / 2;
  };
  return [boundary(middle - w), boundary(middle + w)];
}
