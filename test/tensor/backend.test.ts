import { afterEach, describe, expect, it } from 'vitest';
import { backendNamed, registerBackend } from '../../src/extend.js';
import { allBackends, defaultBackend, setDefaultBackend, tensor, zeros } from '../../src/index.js';
import { reference } from '../../src/tensor/backends/reference.js';

describe('the registry of backends', () => {
  const before = defaultBackend().name;
  afterEach(() => void setDefaultBackend(before));

  it('knows the reference by name, and lists what it knows where a name is wrong', () => {
    expect(backendNamed('reference')).toBe(reference);
    expect(() => backendNamed('gpu')).toThrow(/^backend: must be one of .*reference.*, got 'gpu'$/);
  });

  it('creates tensors on the default backend, which can be changed; the old one is returned', () => {
    registerBackend({ ...reference, name: 'other', dtypes: ['float32'] });
    expect(defaultBackend().name).toBe(before);
    expect(setDefaultBackend('other').name).toBe(before);
    expect(tensor([1]).backend.name).toBe('other');
    expect(zeros([1], { backend: 'reference' }).backend.name).toBe('reference');
    expect(allBackends().map(({ name }) => name)).toContain('other');
    expect(() => setDefaultBackend('nowhere')).toThrow('backend: must be one of');
    expect(defaultBackend().name).toBe('other');
  });

  it('refuses a name that is taken, and changes nothing', () => {
    expect(() => registerBackend({ ...reference, dtypes: ['float32'] })).toThrow(
      "registerBackend: 'reference' is taken; give the backend another name",
    );
    expect(backendNamed('reference')).toBe(reference);
  });

  it('refuses dtypes that a backend does not compute, and operands on two backends', () => {
    expect(() => zeros([1], { dtype: 'float64', backend: 'other' })).toThrow(
      'other: computes in float32, got float64; choose one of these, or another backend',
    );
    const here = zeros([1], { backend: 'reference' });
    const there = here.to('float32', backendNamed('other'));
    expect(() => here.add(there)).toThrow(
      "add: operands must share dtype and backend, got float32 on reference and float32 on other; convert one with .to('float32', 'reference')",
    );
    expect(there.to('float32', reference).add(here).item()).toBe(0);
  });
});
