/** A fault of data that a user can correct. The message alone explains it. */
export class DataFault extends Error {}

/** The data may be right: their disk, their folder or their database is at fault. */
export class PlaceFault extends DataFault {}

/** Memory or disk is not enough for the data. */
export class NoRoom extends PlaceFault {}
