/** Compiled modules, which Node keeps from start to start in the folder that NODE_COMPILE_CACHE names. */
import { flushCompileCache } from 'node:module';
import { resolve } from 'node:path';

/** Node writes them at an orderly exit only. After a kill each later process would compile everything again. */
export function keepCompiled(): void {
  flushCompileCache();
}

/** The variable for a child with another present folder, in which a relative path would make a folder of its own. */
export function compileCacheOf({ NODE_COMPILE_CACHE: folder }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return folder ? { NODE_COMPILE_CACHE: resolve(folder) } : {};
}
