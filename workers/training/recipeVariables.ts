/**
 * The environment of a recipe: what programs need to run, and what RECIPE_ENV names. Other variables of the trainer may be
 * secrets that no list of ours knows, such as the login of a database. The process that reads data gets the same, without
 * RECIPE_ENV.
 */
import { compileCacheOf } from '../../src/process/compileCache.ts';
import { withoutSecrets } from '../../src/process/config.ts';

const NAMES = /^(?:PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|TZ|TMPDIR|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH)$/;
/** Locale, GPUs, the threads of libraries for linear algebra, and Python. */
const PREFIXES = /^(?:LC|CUDA|NVIDIA|HIP|ROCR|OMP|MKL|OPENBLAS|NUMEXPR)_|^PYTHON/;

/** @param more names that the operator lets through. Secrets of Tidings stay out also then. */
export function recipeVariables(
  env: Readonly<Record<string, string | undefined>>,
  more: readonly string[],
): NodeJS.ProcessEnv {
  const isPassed = (name: string) => NAMES.test(name) || PREFIXES.test(name) || more.includes(name);
  const passed = Object.entries(withoutSecrets(env)).filter(([name]) => isPassed(name));
  return { ...Object.fromEntries(passed), ...compileCacheOf(env) };
}
