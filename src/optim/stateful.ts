/** What keeps a state between steps and can be saved: optimizers, hooks, Randoms; and how several are restored together. */

/** Something whose state can be taken and put back. */
export interface Stateful<State = unknown> {
  state(): State;
  /** Throws, and changes nothing, if the state is not one that `state()` returned. */
  restore(state: State): void;
}

/** Restores states in order. If one does not fit, the parts before it get their old state back, and its error is thrown. */
export function restoreAll(parts: readonly (readonly [part: Stateful, state: unknown])[]): void {
  const before: (readonly [part: Stateful, state: unknown])[] = [];
  try {
    for (const [part, state] of parts) {
      const had = part.state();
      part.restore(state);
      before.unshift([part, had]);
    }
  } catch (error) {
    for (const [part, had] of before) part.restore(had);
    throw inOneLine(error);
  }
}

/** If a part crashed on a state instead of refusing it, the error says at least what happened. */
function inOneLine(error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError)) return error;
  const reason = error.message.replace(/\s+/g, ' ').slice(0, 200);
  return new Error(
    `restore: a saved state must be what state() returned, but reading it failed (${reason}); nothing was changed: use another checkpoint`,
    { cause: error },
  );
}
