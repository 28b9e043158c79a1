/** Stands in for `ndarray`, which writes code at run time, where a page's policy forbids that. */

class View {
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;

  constructor(
    readonly data: ArrayLike<number>,
    ...shapeStrideOffset: number[]
  ) {
    const rank = shapeStrideOffset.length >> 1;
    this.shape = shapeStrideOffset.slice(0, rank);
    this.stride = shapeStrideOffset.slice(rank, 2 * rank);
    this.offset = shapeStrideOffset[2 * rank];
  }
}

export default (
  data: ArrayLike<number>,
  shape: readonly number[],
  stride: readonly number[],
  offset: number,
) => new View(data, ...shape, ...stride, offset);
