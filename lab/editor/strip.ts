/** From TypeScript to what runs. */

import { transform } from 'sucrase';

/** A TypeScript module as JavaScript in CommonJS form, line by line where it was. Throws an Error that names the line. */
export function strip(source: string): string {
  const { code } = transform(source, { transforms: ['typescript', 'imports'], production: true });
  return code;
}
