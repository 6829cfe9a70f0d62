// @ts-check
/** For `node --import`: makes DuckDB appear not installed. */
import { registerHooks } from 'node:module';

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('@duckdb/')) return next(specifier, context);
    const problem = new Error(`Cannot find package '${specifier}'`);
    throw Object.assign(problem, { code: 'ERR_MODULE_NOT_FOUND' });
  },
});
