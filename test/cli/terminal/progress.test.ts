import { describe, expect, it } from 'vitest';
import { startProgress, stepNote } from '../../../cli/terminal/progress.js';
import { FakeSink, hasEscapes, plainLines, widest } from './sink.js';

const HIDE = '\u001b[?25l';
const SHOW = '\u001b[?25h';

describe('in a pipe', () => {
  it('writes a line about every tenth of the way, plain', () => {
    const sink = new FakeSink(false);
    const progress = startProgress({ label: 'norm:1', total: 300, sink });
    for (let done = 1; done <= 300; done += 1) progress.update({ done, note: stepNote(1 / done, 44 / done) });
    progress.stop();
    const lines = plainLines(sink.text);
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe('norm:1  step 1/300  loss 1  norm 44');
    expect(lines[10]).toBe('norm:1  step 300/300  loss 0.00333  norm 0.147');
    expect(hasEscapes(sink.text)).toBe(false);
  });
});

describe('when quiet', () => {
  it.each([true, false])('writes nothing (terminal: %s)', (isTTY) => {
    const sink = new FakeSink(isTTY);
    const progress = startProgress({ label: 'a', total: 2, quiet: true, sink });
    progress.update({ done: 1, note: stepNote(1, 1) });
    progress.stop();
    expect(sink.text).toBe('');
  });
});

describe('on a terminal', () => {
  it('shows run, step, loss and norm within 80 columns', () => {
    const sink = new FakeSink(true);
    const progress = startProgress({ label: 'per-tensor:0.5:and-more', total: 100_000, sink });
    progress.update({ done: 99_999, note: stepNote(4.82e-125, -5.56e213) });
    progress.stop();
    const frames = sink.text.split('\u001b[1G').filter((frame) => frame.includes('99999/100000'));
    expect(frames[0]).toContain('loss 4.82e-125');
    expect(frames[0]).toContain('per-tensor:0.…');
    expect(Math.max(...frames.map(widest))).toBeLessThanOrEqual(80);
  });

  it('gives the cursor back when stopped, once, and leaves no listener', () => {
    const sink = new FakeSink(true);
    const before = ['SIGINT', 'SIGTERM', 'exit'].map((event) => process.listenerCount(event));
    const progress = startProgress({ label: 'a', total: 10, sink });
    expect(sink.text).toContain(HIDE);
    expect(sink.text).not.toContain(SHOW);
    progress.stop();
    progress.stop();
    expect(sink.text.split(SHOW)).toHaveLength(2);
    const length = sink.text.length;
    progress.update({ done: 5, note: stepNote(1, 1) });
    expect(sink.text.length).toBe(length);
    expect(['SIGINT', 'SIGTERM', 'exit'].map((event) => process.listenerCount(event))).toEqual(before);
  });

  it('gives the cursor back on Ctrl-C and leaves the signal to the listeners of the program', () => {
    const sink = new FakeSink(true);
    let heard = 0;
    const listener = () => {
      heard += 1;
    };
    process.on('SIGINT', listener);
    startProgress({ label: 'a', total: 10, sink });
    process.emit('SIGINT', 'SIGINT');
    process.off('SIGINT', listener);
    expect(sink.text).toContain(SHOW);
    expect(heard).toBe(1);
  });
});
