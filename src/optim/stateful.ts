/** What remembers between steps and can be saved: optimizers, hooks, Randoms. Shared by all that puts several back at once. */

/** Something whose state can be taken and put back. */
export interface Stateful<State = unknown> {
  state(): State;
  /** Throws, and stays as it is, where the state is not one of its own. */
  restore(state: State): void;
}

/** Puts states back in order; if one does not fit, those before it get back what they had, and its error is thrown. */
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

/** The error of a part that fell over a state instead of refusing it says at least what happened. */
function inOneLine(error: unknown): unknown {
  if (!(error instanceof TypeError || error instanceof RangeError)) return error;
  const reason = error.message.replace(/\s+/g, ' ').slice(0, 200);
  return new Error(
    `restore: a saved state must be what state() returned, but reading it failed (${reason}); nothing was changed: use another checkpoint`,
    { cause: error },
  );
}
