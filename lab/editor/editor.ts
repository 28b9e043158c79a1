/** The code editor and the TypeScript stripper: loaded when a learner first needs one of them. */

import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  LRLanguage,
  syntaxHighlighting,
} from '@codemirror/language';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { parser } from '@lezer/javascript';

export { strip } from './strip.js';

/** An editor in the page. */
export interface CodeEditor {
  value: string;
  focus(): void;
  destroy(): void;
}

const typescript = LRLanguage.define({
  parser: parser.configure({ dialect: 'ts' }),
  languageData: { commentTokens: { line: '//' } },
});

const colors = HighlightStyle.define([
  { tag: [tags.keyword, tags.definitionKeyword, tags.modifier], color: 'var(--s4)' },
  { tag: [tags.string, tags.regexp], color: 'var(--s3)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--s1)' },
  { tag: [tags.comment], color: 'var(--soft)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.className], color: 'var(--s2)' },
]);

const look = EditorView.theme({
  '&': { background: 'var(--card)', color: 'var(--ink)', fontSize: 'inherit' },
  '&.cm-focused': { outline: 'none' },
  '.cm-content': { fontFamily: 'var(--mono)', padding: '.6rem 0', caretColor: 'var(--ink)' },
  '.cm-gutters': { background: 'transparent', color: 'var(--soft)', border: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    background: 'var(--rule)',
  },
  '.cm-matchingBracket': { outline: '1px solid var(--soft)' },
});

/** Puts an editor into an element. Tab leaves it, as everywhere on the page. */
export function createEditor(
  parent: HTMLElement,
  {
    value,
    label,
    onChange,
    root,
  }: {
    readonly value: string;
    readonly label: string;
    readonly onChange: (value: string) => void;
    readonly root: Document | ShadowRoot;
  },
): CodeEditor {
  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: value,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        indentUnit.of('  '),
        bracketMatching(),
        typescript,
        syntaxHighlighting(colors),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label }),
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    get value() {
      return view.state.doc.toString();
    },
    set value(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}
