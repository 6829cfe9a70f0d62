/**
 * What is used of `node:http`. An `import` of it would read all its members, and one of them loads undici: 70 ms of CPU in
 * each start of a gateway. Types are imported as everywhere.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http');
