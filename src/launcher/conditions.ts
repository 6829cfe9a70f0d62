/**
 * The metrics and the readiness of the processes that the supervisor keeps, as one. It asks them over their channels, and
 * only while somebody wants to know.
 */
import { type Exposed, merged } from '../metrics/exposition.ts';
import type { ChildAnswer, Question } from '../process/runProcess.ts';
import type { KeptProcess } from './keptProcess.ts';

type AskedProcess = Pick<KeptProcess, 'name' | 'send'>;

/** A process whose event loop is held up for longer is left out of this answer. */
const ANSWER_WITHIN_MS = 2_000;

export class Conditions {
  /** By question and name of a process that was asked and has not answered. */
  readonly #asked = new Map<string, PromiseWithResolvers<ChildAnswer | undefined>>();

  /** An answer came. */
  hear(process: string, answer: ChildAnswer): void {
    this.#settle(answer.type, process, answer);
  }

  /** The process has ended, and answers nothing more. */
  ended(process: string): void {
    this.#settle('metrics', process, undefined);
    this.#settle('problem', process, undefined);
  }

  /** The metrics of the processes that answer in time. */
  async families(processes: readonly AskedProcess[]): Promise<readonly Exposed[]> {
    const answers = await this.#askAll(processes, 'metrics');
    return merged(
      answers.map(([name, answer]) => [
        name,
        answer?.type === 'metrics' ? (answer.metrics as readonly Exposed[]) : [],
      ]),
    );
  }

  /** What hinders a process; undefined if nothing does. */
  async problem(processes: readonly AskedProcess[]): Promise<string | undefined> {
    const answers = await this.#askAll(processes, 'problem');
    const problems = answers.flatMap(([name, answer]) => {
      if (answer === undefined) return `${name}: it does not answer`;
      return answer.type === 'problem' && answer.problem !== undefined ? `${name}: ${answer.problem}` : [];
    });
    return problems.length === 0 ? undefined : problems.join('; ');
  }

  #askAll(processes: readonly AskedProcess[], question: Question) {
    return Promise.all(processes.map(async (each) => [each.name, await this.#ask(each, question)] as const));
  }

  /** The same question at the same time shares the answer. */
  #ask(process: AskedProcess, question: Question): Promise<ChildAnswer | undefined> {
    const asked = this.#asked.get(keyOf(question, process.name));
    if (asked !== undefined) return asked.promise;
    const asking = Promise.withResolvers<ChildAnswer | undefined>();
    this.#asked.set(keyOf(question, process.name), asking);
    const giveUp = () => this.#settle(question, process.name, undefined);
    const timer = setTimeout(giveUp, ANSWER_WITHIN_MS);
    if (!process.send(question)) giveUp();
    return asking.promise.finally(() => clearTimeout(timer));
  }

  #settle(question: Question, process: string, answer: ChildAnswer | undefined): void {
    const key = keyOf(question, process);
    this.#asked.get(key)?.resolve(answer);
    this.#asked.delete(key);
  }
}

function keyOf(question: Question, process: string): string {
  return `${question} ${process}`;
}
