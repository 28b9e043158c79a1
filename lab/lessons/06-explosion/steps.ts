/** How long the widget's runs are, and from which loss on one has learned. Plain numbers for page and session. */

/** Steps of a run, as many as `tamegrad demo latch` takes. */
export const STEPS = 300;
/** Steps whose mean loss counts as where a run ends. */
export const LAST = 10;
/** A run that ends below remembers the sign. */
export const LEARNED = 0.05;
/** The loss of saying 0 every time. */
export const GUESSING = 1;
