/** Taking a figure along: SVG and PNG as they stand on the page, the numbers as CSV. */

import { html, type TemplateResult } from 'lit';

/** Buttons that save the SVG inside `figure`, and its numbers. */
export function exportButtons(figure: HTMLElement, title: string, csv: () => string): TemplateResult {
  const name = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  const drawing = (): SVGSVGElement => figure.querySelector<SVGSVGElement>('svg[role="img"]')!;
  const saveSvg = (): void =>
    save(`${name}.svg`, new Blob([standalone(drawing())], { type: 'image/svg+xml' }));
  const savePng = async (): Promise<void> => save(`${name}.png`, await rasterize(drawing()));
  const saveCsv = (): void => save(`${name}.csv`, new Blob([`${csv()}\n`], { type: 'text/csv' }));
  return html`<p class="exports">
    <span>Save: </span>
    <button type="button" class="link" aria-label="Save ${title} as SVG" @click=${saveSvg}>SVG</button>
    <button type="button" class="link" aria-label="Save ${title} as PNG" @click=${savePng}>PNG</button>
    <button type="button" class="link" aria-label="Save the numbers of ${title} as CSV" @click=${saveCsv}>CSV</button>
  </p>`;
}

/** Hands a file to the reader. */
export function save(name: string, content: Blob): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

const STYLED = [
  'fill',
  'stroke',
  'stroke-width',
  'stroke-dasharray',
  'opacity',
  'font',
  'font-size',
  'font-family',
  'font-weight',
];

/** The drawing with all styles written into it: the page's style sheet does not come along. */
function standalone(drawing: SVGSVGElement): string {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const originals = [drawing, ...drawing.querySelectorAll<SVGElement>('*')];
  const copies = [copy, ...copy.querySelectorAll<SVGElement>('*')];
  originals.forEach((original, k) => {
    const style = getComputedStyle(original);
    for (const property of STYLED) copies[k].style.setProperty(property, style.getPropertyValue(property));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.style.background = getComputedStyle(drawing).getPropertyValue('--card');
  return new XMLSerializer().serializeToString(copy).replace(/<!--.*?-->/g, '');
}

async function rasterize(drawing: SVGSVGElement): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(standalone(drawing))}`;
  await image.decode();
  const { width, height } = drawing.viewBox.baseVal;
  const canvas = document.createElement('canvas');
  canvas.width = 2 * width;
  canvas.height = 2 * height;
  canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob((blob) => resolve(blob!), 'image/png'));
}
