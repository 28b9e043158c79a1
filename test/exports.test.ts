/** What each entry point offers, name by name: a change of the public surface is a change of exports.txt, seen in review. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const entries = {
  tamegrad: 'src/index.ts',
  'tamegrad/extend': 'src/extend.ts',
  'tamegrad/node': 'src/node.ts',
  'tamegrad/report': 'src/report/index.ts',
  'tamegrad/diagnose': 'src/diagnose/index.ts',
};

const statement = /export\s+(type\s+)?(\*|\{[^}]*\})(?:\s+from\s+'([^']+)')?/g;
const declaration = /export\s+(?:abstract\s+|async\s+)*(function|class|const|interface|type)\s+(\w+)/g;

/** The names that a module exports, types marked, lists of others followed. */
function exportsOf(path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  const names: string[] = [];
  for (const [, typeOnly, what, from] of text.matchAll(statement)) {
    if (what === '*') {
      names.push(...exportsOf(join(dirname(path), from!.replace(/\.js$/, '.ts'))));
      continue;
    }
    for (const item of what!.slice(1, -1).split(',')) {
      const name = item.trim().split(/\s+/).at(-1)!;
      if (name !== '') names.push(typeOnly || /^\s*type\s/.test(item) ? `type ${name}` : name);
    }
  }
  for (const [, kind, name] of text.matchAll(declaration)) {
    names.push(kind === 'interface' || kind === 'type' ? `type ${name}` : name!);
  }
  return names.sort();
}

describe('the public surface', () => {
  it('is the one in exports.txt', async () => {
    const text = Object.entries(entries)
      .map(([entry, path]) => {
        const names = exportsOf(path);
        return `# ${entry}: ${names.length}\n${names.join('\n')}\n`;
      })
      .join('\n');
    await expect(text).toMatchFileSnapshot('exports.txt');
  });

  it.each(Object.entries(entries))('%s has at run time the values that its list names', async (_, path) => {
    const module = await import(join(root, path));
    expect(Object.keys(module).sort()).toEqual(exportsOf(path).filter((name) => !name.startsWith('type ')));
  });

  it('says every name once among tamegrad and tamegrad/extend, but for what both need', () => {
    const shared = exportsOf(entries.tamegrad).filter((name) =>
      exportsOf(entries['tamegrad/extend']).includes(name),
    );
    expect(shared).toEqual(['ShapeError', 'formatShape']);
  });
});
