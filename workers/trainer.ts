/** The trainer process: takes steps of trainings and of checks of datasets, and works on them until it is told to stop. */
import { runProcess } from '../src/process/runProcess.ts';
import { runTrainer } from './training/runTrainer.ts';
import { trainerSteps } from './training/trainerSteps.ts';

await runProcess('trainer', (context) => runTrainer(context, trainerSteps));
