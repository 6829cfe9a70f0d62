/** What a recipe in TypeScript (`models/<name>/train.ts`) imports. */
export {
  DataError,
  type Metric,
  type Recipe,
  type RecipeRun,
  type TrainedVersion,
  type TrainingFiles,
} from '../../../workers/training/recipe.ts';
