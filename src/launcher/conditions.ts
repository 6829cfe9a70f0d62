/**
 * The metrics and the readiness of the processes that the supervisor keeps, as one. It asks them over their channels, and
 * only while somebody wants to know.
 */
import { type Exposed, merged } from '../metrics/exposition.ts';
import type { Condition } from '../process/runProcess.ts';
import { ASK_CONDITION } from '../process/runProcess.ts';
import type { KeptProcess } from './keptProcess.ts';

type AskedProcess = Pick<KeptProcess, 'name' | 'send'>;

/** A process whose event loop is held up for longer is left out of this answer. */
const ANSWER_WITHIN_MS = 2_000;

export class Conditions {
  /** By name of a process that was asked and has not answered. */
  readonly #asked = new Map<string, PromiseWithResolvers<Condition | undefined>>();

  /** An answer came; undefined: the process has ended. */
  hear(process: string, condition: Condition | undefined): void {
    this.#asked.get(process)?.resolve(condition);
    this.#asked.delete(process);
  }

  /** The metrics of the processes that answer in time. */
  async families(processes: readonly AskedProcess[]): Promise<readonly Exposed[]> {
    const answers = await this.#askAll(processes);
    return merged(
      answers.map(([name, condition]) => [name, (condition?.families ?? []) as readonly Exposed[]]),
    );
  }

  /** What hinders a process; undefined if nothing does. */
  async problem(processes: readonly AskedProcess[]): Promise<string | undefined> {
    const problems = (await this.#askAll(processes)).flatMap(([name, condition]) => {
      const problem = condition === undefined ? 'it does not answer' : condition.problem;
      return problem === undefined ? [] : `${name}: ${problem}`;
    });
    return problems.length === 0 ? undefined : problems.join('; ');
  }

  #askAll(processes: readonly AskedProcess[]) {
    return Promise.all(processes.map(async (each) => [each.name, await this.#ask(each)] as const));
  }

  /** Questions at the same time share the answer. */
  #ask(process: AskedProcess): Promise<Condition | undefined> {
    const asked = this.#asked.get(process.name);
    if (asked !== undefined) return asked.promise;
    const asking = Promise.withResolvers<Condition | undefined>();
    this.#asked.set(process.name, asking);
    const giveUp = () => this.hear(process.name, undefined);
    const timer = setTimeout(giveUp, ANSWER_WITHIN_MS);
    if (!process.send(ASK_CONDITION)) giveUp();
    return asking.promise.finally(() => clearTimeout(timer));
  }
}
