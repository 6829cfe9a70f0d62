/** A paused model: its tasks wait although there is a worker, which need not be started for each test that needs one. */
import { fieldOf, post } from './client.ts';
import type { Gateway } from './processes.ts';

/** Tasks of trip-duration wait from now on. */
export async function pauseTasks(gateway: Gateway): Promise<void> {
  await change(gateway, 'pauseModel');
}

export async function resumeTasks(gateway: Gateway): Promise<void> {
  await change(gateway, 'resumeModel');
}

/** Tasks of trip-duration run until it is disposed. */
export async function letTasksRun(gateway: Gateway): Promise<AsyncDisposable> {
  await resumeTasks(gateway);
  return { [Symbol.asyncDispose]: () => pauseTasks(gateway) };
}

async function change({ url }: Gateway, action: 'pauseModel' | 'resumeModel'): Promise<void> {
  fieldOf(await post(url, `mutation { ${action}(model: "trip-duration") { isPaused } }`));
}
