/** The ten targets of a data set. Plain numbers: the page draws them, the session fits them. */

const SPREAD = [-1, -0.75, -0.5, -0.25, 0, 0, 0.25, 0.5, 0.75, 1];

/** Nine at 0 and one at `target`; or ten, each with its mirror image, from −`target` to `target`. */
export function targetsOf(kind: string, target: number): readonly number[] {
  return kind === 'skewed' ? [0, 0, 0, 0, 0, 0, 0, 0, 0, target] : SPREAD.map((share) => share * target);
}

/** Their mean: where the squared error is least. */
export function meanOf(targets: readonly number[]): number {
  return targets.reduce((sum, target) => sum + target, 0) / targets.length;
}
