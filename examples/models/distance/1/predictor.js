// @ts-check
/** Great-circle distances, by the haversine formula. */

const EARTH_RADIUS_KM = 6371.0088;

export class Predictor {
  /** @param {Record<string, { data: Float64Array, shape: number[] }>} columns each has two numbers for a row. */
  predict({ from, to }) {
    const rows = from?.shape[0] ?? 0;
    const kilometres = new Float64Array(rows);
    for (let row = 0; row < rows; row++) kilometres[row] = distance(placeAt(from, row), placeAt(to, row));
    return { kilometres };
  }
}

/** @param {{ data: Float64Array } | undefined} column @param {number} row @returns in radians */
function placeAt(column, row) {
  const [latitude = 0, longitude = 0] = column?.data.subarray(2 * row, 2 * row + 2) ?? [];
  if (Math.abs(latitude) > 90) throw new RangeError(`a latitude is from -90 to 90, got ${latitude}`);
  return { latitude: (latitude * Math.PI) / 180, longitude: (longitude * Math.PI) / 180 };
}

/** @param {{ latitude: number, longitude: number }} from @param {{ latitude: number, longitude: number }} to */
function distance(from, to) {
  const north = Math.sin((to.latitude - from.latitude) / 2) ** 2;
  const east = Math.sin((to.longitude - from.longitude) / 2) ** 2;
  const haversine = north + Math.cos(from.latitude) * Math.cos(to.latitude) * east;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(haversine)));
}
