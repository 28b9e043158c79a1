/** JSON with non-finite numbers: JSON has none, so they are written as the strings "NaN", "Infinity", "-Infinity". */

/** JSON text in which NaN and infinities are strings instead of null. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, item) => (isNonFinite(item) ? String(item) : item), indent);
}

function isNonFinite(item: unknown): boolean {
  return typeof item === 'number' && !Number.isFinite(item);
}
