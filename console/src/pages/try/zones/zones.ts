/** The taxi zones of New York, with their outlines. */
import { height, width, zones } from './taxiZones.json';

export interface Zone {
  readonly id: number;
  readonly name: string;
  readonly borough: string;
  readonly path: string;
}

/** Zones that are no places: they have no outline. */
const WITHOUT_PLACE = [
  { id: 264, name: 'Unknown', borough: '', path: '' },
  { id: 265, name: 'Outside New York', borough: '', path: '' },
];

export const MAP = { width, height };
export const ZONES: readonly Zone[] = [...zones, ...WITHOUT_PLACE];

export function zoneLabel({ id, name, borough }: Zone): string {
  return `${id} · ${name}${borough === '' ? '' : `, ${borough}`}`;
}
