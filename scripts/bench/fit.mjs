/** What a series of measurements says of how cost grows. A point is [amount of work, cost]. */

const leastSquares = (points) => {
  const n = points.length;
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / n;
  const [x, y] = [mean((p) => p[0]), mean((p) => p[1])];
  const spread = points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
  const slope = points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / spread;
  return { slope, start: y - slope * x };
};

/** Cost of one more unit of work, by a straight line through all points. */
export function slope(points) {
  return points.length < 2 ? undefined : leastSquares(points).slope;
}

/**
 * `p` where the cost above that of no work (the point with 0) grows as `work ** p`: the least-squares line
 * through the logarithms of the points whose work costs at least what no work does (before that, a program warms
 * up). 0 where there is no such point, undefined where one alone tells nothing.
 */
export function exponent(points) {
  const start = points.find(([work]) => work === 0)?.[1] ?? 0;
  const grown = points.filter(([work, cost]) => work > 0 && cost > 2 * start);
  if (grown.length < 2) return grown.length === 0 ? 0 : undefined;
  return leastSquares(grown.map(([work, cost]) => [Math.log(work), Math.log(cost - start)])).slope;
}
