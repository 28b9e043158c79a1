/** What tests use of the lab's build. */

export const POLICY: { readonly oneFile: string; readonly served: string };
export function makeLab(lessons?: string): Promise<ReadonlyMap<string, string | Uint8Array>>;
export function buildLab(out?: string): Promise<void>;
