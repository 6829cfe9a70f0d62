/** Writes a submission as code for other clients: the mutation, then how its result is awaited. */
import { updates } from '../../api/modelOperations.ts';
import { GRAPHQL_URL } from '../../api/session.ts';
import type { Submission } from './useSubmission.ts';

type Sent = Pick<Submission, 'text' | 'variables' | 'model'>;

interface CodeForm {
  readonly name: string;
  readonly write: (sent: Sent, withToken: boolean) => string;
}

/** A longer text in a variable, such as a file, is cut: the code is for reading first. */
const MAX_TEXT = 2_000;
const MAX_ROWS = 3;

export const CODE_FORMS: readonly CodeForm[] = [
  { name: 'GraphQL', write: graphqlText },
  { name: 'curl', write: curlText },
  { name: 'Apollo', write: apolloText },
  { name: 'Python', write: pythonText },
];

function graphqlText({ text, variables, model }: Sent): string {
  return `${text}

# Variables
${json(variables)}

# The result is pushed by
${updates(model)}
`;
}

function curlText({ text, variables }: Sent, withToken: boolean): string {
  const body = JSON.stringify({ query: text, variables: shortened(variables) }, undefined, 2);
  const header = withToken ? ` \\\n  -H "authorization: Bearer $TIDINGS_TOKEN"` : '';
  return `curl -s ${GRAPHQL_URL} -H 'content-type: application/json'${header} \\
  -d @- <<'JSON'
${body}
JSON
`;
}

function apolloText({ text, variables, model }: Sent, withToken: boolean): string {
  const headers = withToken ? `{ authorization: \`Bearer \${token}\` }` : '{}';
  return `import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { OperationTypeNode } from 'graphql';
import { createClient } from 'graphql-ws';

const headers = ${headers};
const apollo = new ApolloClient({
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(createClient({ url: '${GRAPHQL_URL.replace('http', 'ws')}', connectionParams: headers })),
    new HttpLink({ uri: '${GRAPHQL_URL}', headers }),
  ),
  cache: new InMemoryCache(),
});

const SUBMIT = gql\`
${text}
\`;
const UPDATES = gql\`
${updates(model)}
\`;

const { data } = await apollo.mutate({ mutation: SUBMIT, variables: ${json(variables)} });
apollo
  .subscribe({ query: UPDATES, variables: { id: data.task.id } })
  .subscribe({ next: ({ data }) => console.log(data.task) });
`;
}

function pythonText({ text, variables }: Sent, withToken: boolean): string {
  const header = withToken ? `, "authorization": "Bearer " + os.environ["TIDINGS_TOKEN"]` : '';
  return `import json${withToken ? ', os' : ''}
from urllib.request import Request, urlopen

QUERY = """
${text}
"""
# A JSON text, because Python writes true, false and null in another way.
variables = json.loads(r"""
${json(variables)}
""")
# Waits for the end, up to 30 s. To have it pushed instead, subscribe to taskResult.
variables.setdefault("options", {})["waitMs"] = 30000
body = json.dumps({"query": QUERY, "variables": variables}).encode()
headers = {"content-type": "application/json"${header}}
with urlopen(Request("${GRAPHQL_URL}", body, headers)) as answer:
    print(json.load(answer))
`;
}

function json(variables: unknown): string {
  return JSON.stringify(shortened(variables), undefined, 2);
}

function shortened(value: unknown): unknown {
  if (typeof value === 'string' && value.length > MAX_TEXT)
    return `${value.slice(0, 60)}… (${value.length} characters)`;
  if (Array.isArray(value) && value.length > MAX_ROWS && typeof value[0] === 'object')
    return value.slice(0, MAX_ROWS).map(shortened);
  if (Array.isArray(value)) return value.map(shortened);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member)]));
}
