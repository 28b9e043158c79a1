/** The page: it starts the worker, and shows what the worker posts. */

const settings = new URLSearchParams(location.search);
const output = document.querySelector('output')!;

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
worker.onmessage = ({ data }) => {
  output.textContent = JSON.stringify(data);
};
worker.onerror = ({ message }) => {
  output.textContent = JSON.stringify({ error: message || 'the worker could not be loaded' });
};
worker.postMessage({
  seed: 1,
  steps: Number(settings.get('steps') ?? 50),
  backend: settings.get('backend') ?? 'simd',
});
