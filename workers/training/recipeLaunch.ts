/** How the process of a recipe is started. */
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recipeVariables } from './recipeVariables.ts';

export interface RecipeLaunch {
  readonly command: string;
  readonly args: readonly string[];
  /** In which it is started. A program finds its files in the model's folder, a recipe knows its own place. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface LaunchOptions {
  /** The model's folder, absolute. */
  readonly folder: string;
  readonly recipe: RecipeSource;
  /** The Python of a recipe in Python. */
  readonly python?: string | undefined;
  /** Variables that it gets beside those that every recipe gets (`RECIPE_ENV`). */
  readonly variables: readonly string[];
}

/** What trains: a file of the model's folder in TypeScript or Python, or a program and its arguments. */
export type RecipeSource = { readonly file: string } | { readonly command: readonly string[] };

const OUR_MODELS = fileURLToPath(new URL('../../models/', import.meta.url));

export function isPython(recipe: RecipeSource): boolean {
  return 'file' in recipe && recipe.file.endsWith('.py');
}

export function launchOf({ folder, recipe, python = 'python3', variables }: LaunchOptions): RecipeLaunch {
  const env = recipeVariables(process.env, variables);
  if ('command' in recipe) {
    const [command = '', ...args] = recipe.command;
    return { command, args, folder, env };
  }
  const file = join(folder, recipe.file);
  const here = process.cwd();
  if (isPython(recipe))
    return { command: python, args: [file], folder: here, env: { ...env, ...pythonVariables(folder) } };
  const program = join(import.meta.dirname, 'nodeRecipe.ts');
  return { command: process.execPath, args: [...process.execArgv, program, file], folder: here, env };
}

/** Recipes import shared code from the folder of the models, and must leave no compiled files there. */
function pythonVariables(folder: string): NodeJS.ProcessEnv {
  return {
    PYTHONPATH: [join(folder, '..'), OUR_MODELS].join(delimiter),
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
  };
}
