import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { type CommonOptions, configOf, demoOptions, wordsFor } from '../../cli/options.js';
import { demos } from '../../demos/index.js';
import { defaultBackend } from '../../src/index.js';

/** What words after `demo NAME` parse to, with commander's own parser. */
function parse(demo: (typeof demos)[number], words: readonly string[]): CommonOptions {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  for (const option of demoOptions(demo)) command.addOption(option);
  return command.parse([...words], { from: 'user' }).opts<CommonOptions>();
}

describe.each(demos.map((demo) => [demo.name, demo] as const))('options of %s', (_, demo) => {
  it('have the defaults of the demo', () => {
    const config = configOf(demo, parse(demo, []));
    expect(config).toEqual({
      seed: 1,
      steps: demo.defaults.steps,
      lr: demo.defaults.lr,
      optimizer: 'sgd',
      backend: defaultBackend().name,
      clips: ['none', 'norm:1'],
      own: Object.fromEntries(demo.options.map((option) => [option.name, option.default])),
    });
  });

  it('are written out by the command that repeats a run, which parses to the same configuration', () => {
    const words = [
      '--seed',
      '2147483647',
      '--steps',
      '7',
      '--lr',
      '1e-3',
      '--optimizer',
      'adam',
      '--clip',
      'value:1',
    ];
    for (const given of [[], words, ['--clip', 'norm:1:p=inf', '--clip', 'none']]) {
      const config = configOf(demo, parse(demo, given));
      const command = wordsFor(demo, config);
      const prefix = `${demo.name} `;
      expect(command.startsWith(prefix)).toBe(true);
      expect(configOf(demo, parse(demo, command.slice(prefix.length).split(' ')))).toEqual(config);
    }
  });

  it('are checked word by word', () => {
    for (const option of demo.options) {
      const flag = `--${option.name}`;
      expect(() => parse(demo, [flag, 'nonsense'])).toThrow(
        option.choices ? 'Allowed choices are' : 'It must be a',
      );
      if (option.range) {
        const [low, high] = option.range;
        for (const bound of [low, high])
          if (Number.isFinite(bound)) expect(() => parse(demo, [flag, `${bound}`])).not.toThrow();
        if (Number.isFinite(high))
          expect(() => parse(demo, [flag, `${high + 1}`])).toThrow(/It must be a .*number/);
      }
      if (option.integer) expect(() => parse(demo, [flag, '1.5'])).toThrow('It must be a whole number');
    }
    for (const wrong of ['', ' ', 'NaN', 'Infinity', '1,5', '2147483648', '0.5', '-1'])
      expect(() => parse(demo, ['--seed', wrong])).toThrow('It must be a whole number from 0 to 2147483647.');
    for (const wrong of ['', 'NaN', 'Infinity', '1e999', '-0.1'])
      expect(() => parse(demo, ['--lr', wrong])).toThrow('It must be a finite number of at least 0.');
  });
});
