// @ts-check
/**
 * Makes the outlines of New York's taxi zones for the map of the page Try, from a GeoJSON file of them:
 *
 *   node build/taxiZones.js <zones.geojson> > src/pages/try/zones/taxiZones.json
 *
 * Each feature has the properties `LocationID`, `Zone` and `Borough`. The outlines become paths of SVG in Mercator's
 * projection, in whole units of about 35 m, which a map of this size cannot show anyway.
 */
import { readFileSync } from 'node:fs';

const WIDTH = 1_300;
const SOURCE =
  'New York City Taxi and Limousine Commission, taxi zones (TLC Trip Record Data); outlines simplified, projected and rounded';

/** @typedef {[number, number]} Point longitude and latitude, or x and y */

const { features } = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const all = features.flatMap((/** @type {any} */ feature) => ringsOf(feature).flat());
const west = Math.min(...all.map(([x]) => x));
const north = Math.max(...all.map(([, y]) => y));
const scale = WIDTH / (Math.max(...all.map(([x]) => x)) - west);
const height = Math.ceil((north - Math.min(...all.map(([, y]) => y))) * scale);

const zones = features.map((/** @type {any} */ feature) => ({
  id: feature.properties.LocationID,
  name: feature.properties.Zone,
  borough: feature.properties.Borough,
  path: ringsOf(feature).map(pathOf).join(''),
}));
const lines = zones.map((/** @type {object} */ zone) => `    ${JSON.stringify(zone)}`);
console.log(
  `{\n  "source": ${JSON.stringify(SOURCE)},\n  "width": ${WIDTH},\n  "height": ${height},\n  "zones": [\n${lines.join(',\n')}\n  ]\n}`,
);

/** @returns {Point[][]} in the projection */
function ringsOf(/** @type {any} */ { geometry: { type, coordinates } }) {
  const polygons = type === 'Polygon' ? [coordinates] : coordinates;
  return polygons.flat().map((/** @type {Point[]} */ ring) => ring.map(projected));
}

/** @param {Point} point @returns {Point} */
function projected([longitude, latitude]) {
  return [longitude, (Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) * 180) / Math.PI];
}

/** @param {Point[]} ring */
function pathOf(ring) {
  const points = ring.map(([x, y]) => [Math.round((x - west) * scale), Math.round((north - y) * scale)]);
  let [x = 0, y = 0] = points[0] ?? [];
  const start = `M${x} ${y}`;
  const steps = [];
  for (const [nextX = 0, nextY = 0] of points.slice(1)) {
    if (nextX === x && nextY === y) continue;
    steps.push(`${nextX - x} ${nextY - y}`);
    [x, y] = [nextX, nextY];
  }
  // An island that is smaller than a unit is left out.
  return steps.length === 0 ? '' : `${start}l${steps.join(' ')}z`;
}
