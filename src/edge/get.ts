/** Operations over GET. Yoga answers them; what it would read too leniently is refused first. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { RequestErrorCode } from '../errors.ts';
import { type Refusal, refuse } from './answers.ts';
import type { GraphQLPipeline } from './graphqlPipeline.ts';
import { halfCharacterIn } from './wireText.ts';

const ENCODED_BYTES = /(?:%[\da-f]{2})+/gi;
const NOT_ASCII = /[^\x21-\x7e]/;
const JSON_PARAMETERS = ['variables', 'extensions'];

export function getHandler(pipeline: GraphQLPipeline) {
  return (request: IncomingMessage, response: ServerResponse): unknown => {
    const problem = targetProblem(request.url ?? '');
    return problem === undefined
      ? pipeline.answer(request, response)
      : refuse(request, response, badRequest(problem));
  };
}

/** @returns what is wrong with the parameters in a target, as a sentence. */
function targetProblem(target: string): string | undefined {
  if (NOT_ASCII.test(target) || [...target.matchAll(ENCODED_BYTES)].some(([bytes]) => !areUtf8(bytes)))
    return 'The parameters must be percent-encoded UTF-8: they have bytes that are not.';
  const parameters = new URLSearchParams(target.split('?').slice(1).join('?'));
  // Yoga takes it for none.
  if (parameters.get('operationName') === '')
    return 'operationName must be the name of an operation of the query, got "".';
  for (const name of JSON_PARAMETERS) {
    const problem = jsonProblem(parameters.get(name) || 'null');
    if (problem !== undefined) return `The parameter ${name} must be JSON: ${problem}`;
  }
  return undefined;
}

function areUtf8(encoded: string): boolean {
  return isUtf8(Buffer.from(encoded.replaceAll('%', ''), 'hex'));
}

function jsonProblem(text: string): string | undefined {
  const half = halfCharacterIn(text);
  if (half !== undefined) return `${half} is half of a surrogate pair, and no character.`;
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return 'it cannot be parsed.';
  }
}

function badRequest(message: string): Refusal {
  return { status: 400, code: RequestErrorCode.BadRequest, message };
}
