/** The logins that lie in files, and mutual TLS: each works, and each that is refused is told with its reason. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../src/contract/errors.ts';
import { readConfig } from '../../src/process/config.ts';
import { submitTrip } from '../support/client.ts';
import { operatorMode } from '../support/jwt.ts';
import { type NatsServer, startNats } from '../support/natsServer.ts';
import { tripNumber } from '../support/predictDirectly.ts';
import { startGateway, startProcess, startWorker } from '../support/processes.ts';
import { startNatsWithRoles } from '../support/roles.ts';

const run = promisify(execFile);
const TOKEN = 's3cret-token-of-the-broker';

let folder: AsyncDisposable & { readonly path: string };

beforeAll(async () => {
  folder = Object.assign(await mkdtempDisposable(join(tmpdir(), 'tidings-access-')));
});

afterAll(() => folder?.[Symbol.asyncDispose]());

async function fileOf(name: string, content: string): Promise<string> {
  const file = join(folder.path, name);
  await writeFile(file, content, { mode: 0o600 });
  return file;
}

/** Gateway and worker with a login bring a task to its end. */
async function expectToWork(
  broker: { readonly url: string },
  env: Readonly<Record<string, string>>,
): Promise<void> {
  await using gateway = await startGateway(broker, env);
  await using _worker = await startWorker(broker, env);
  expect(await submitTrip(gateway.url, tripNumber(1), { waitMs: 30_000 })).toMatchObject({
    state: 'SUCCEEDED',
  });
}

/** A gateway with a login ends with exit code 78. @returns what it printed. */
async function expectToEnd(env: Readonly<Record<string, string>>): Promise<string> {
  await using gateway = startProcess('src/main.ts', { PORT: '0', ...env });
  expect(await gateway.ended, gateway.output()).toBe(78);
  return gateway.output();
}

/** What every process of ours prints before it ends with exit code 78. @throws if nothing keeps it from starting. */
function problemsOf(env: Readonly<Record<string, string>>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems.join('\n');
    throw error;
  }
  throw new Error('the configuration was taken');
}

describe.concurrent('a login in a file', () => {
  test('NATS_TOKEN_FILE lets in with the token, and a wrong one ends the start with the reason of the broker', async () => {
    await using nats = await startNats({ config: `authorization { token: ${JSON.stringify(TOKEN)} }\n` });
    await expectToWork(nats, { NATS_TOKEN_FILE: await fileOf('token', `${TOKEN}\n`) });
    const wrong = await expectToEnd({
      NATS_URL: nats.url,
      NATS_TOKEN_FILE: await fileOf('wrong-token', 'nope'),
    });
    expect(wrong).toMatch(
      /the broker refused the login of NATS_TOKEN_FILE 20 times \('?Authorization Violation/,
    );
  });

  test('NATS_CREDS lets in with a JWT, and one that has expired ends the start with the reason of the broker', async () => {
    const { config, credentials } = operatorMode();
    await using nats = await startNats({ config });
    await expectToWork(nats, { NATS_CREDS: await fileOf('user.creds', credentials(3_600)) });
    const NATS_CREDS = await fileOf('expired.creds', credentials(-60));
    expect(await expectToEnd({ NATS_URL: nats.url, NATS_CREDS })).toMatch(
      /the broker refused the login of NATS_CREDS 20 times \('?Authorization Violation/,
    );
  });

  test('NATS_NKEY_FILE with a key that the broker does not know ends the start with the reason of the broker', async () => {
    await using nats = await startNatsWithRoles();
    await using other = await startNatsWithRoles();
    const { NATS_NKEY_FILE } = other.env('gateway');
    expect(await expectToEnd({ NATS_URL: nats.url, NATS_NKEY_FILE })).toMatch(
      /the broker refused the login of NATS_NKEY_FILE 20 times \('?Authorization Violation/,
    );
    expect(await expectToEnd({ NATS_URL: nats.url })).toContain(
      'the broker refuses a connection without a login',
    );
  });
});

describe.concurrent('a file that cannot be used ends the start, with the setting and what it must hold', () => {
  test('a gateway and its log', async () => {
    const output = await expectToEnd({ NATS_CREDS: join(folder.path, 'nothing/here') });
    expect(output).toContain('NATS_CREDS must be a file with the credentials of a user');
    expect(output).toContain('that can be read (ENOENT');
  });

  test.each([
    [
      'NATS_CREDS',
      'nothing/here',
      'a file with the credentials of a user, as nsc writes them that can be read (ENOENT',
    ],
    ['NATS_CREDS', '.', 'it must be a regular file'],
    ['NATS_NKEY_FILE', 'nothing/here', "a file with the seed of a user's nkey"],
    ['NATS_TOKEN_FILE', 'nothing/here', 'a file with a token in one line that can be read (ENOENT'],
    ['NATS_TLS_CA', 'nothing/here', 'a file with certificates in PEM that can be read (ENOENT'],
    ['OPERATOR_TOKEN_FILE', 'nothing/here', 'a file with a secret that can be read (ENOENT'],
    ['NATS_URL_FILE', 'nothing/here', 'a file with a secret that can be read (ENOENT'],
  ])('%s: %s', async (name, file, problem) => {
    const problems = problemsOf({ [name]: join(folder.path, file) });
    expect(problems).toContain(`${name} must be `);
    expect(problems).toContain(problem);
  });

  test.each([
    ['NATS_CREDS', 'SUSECRET', 'this one holds something else'],
    ['NATS_NKEY_FILE', 'SAAAA', 'this one holds something else'],
    ['NATS_TOKEN_FILE', 'two SECRET', 'this one holds something else'],
    ['NATS_TLS_CA', 'SECRET', 'this one holds something else'],
    ['OPERATOR_TOKEN_FILE', 'SECRET', 'at least 16 printable ASCII characters'],
  ])('%s with the content %j', async (name, content, problem) => {
    const problems = problemsOf({ [name]: await fileOf(`bad-${name}-${content.length}`, content) });
    expect(problems).toContain(problem);
    expect(problems).not.toContain('SECRET');
  });

  // What these hold is read only when the process connects.
  test.each([
    ['NATS_NKEY_FILE', `SU${'A'.repeat(56)}`, 'damaged'],
    ['NATS_TLS_CA', '-----BEGIN CERTIFICATE-----\nSECRET\n-----END CERTIFICATE-----\n', 'NATS_TLS_CA'],
  ])('%s with the content %j', async (name, content, problem) => {
    const output = await expectToEnd({ [name]: await fileOf(`bad-${name}-${content.length}`, content) });
    expect(output).toContain(problem);
    expect(output).not.toContain('SECRET');
  });

  test('two logins, a setting beside its file, and a certificate without its key', async () => {
    const NATS_TOKEN_FILE = await fileOf('one-token', TOKEN);
    expect(problemsOf({ NATS_URL: 'nats://a:b@127.0.0.1:4222', NATS_TOKEN_FILE })).toContain(
      'the broker takes one login, got a login in NATS_URL and NATS_TOKEN_FILE: unset all but one',
    );
    expect(problemsOf({ OPERATOR_TOKEN: 'x'.repeat(16), OPERATOR_TOKEN_FILE: NATS_TOKEN_FILE })).toContain(
      'OPERATOR_TOKEN and OPERATOR_TOKEN_FILE are both set: unset one of them',
    );
    const NATS_TLS_CERT = await fileOf(
      'cert',
      '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n',
    );
    expect(problemsOf({ NATS_TLS_CERT })).toContain('NATS_TLS_CERT and NATS_TLS_KEY must be set together');
  });
});

describe.concurrent('mutual TLS', () => {
  let nats: NatsServer;
  let files: Readonly<Record<'ca' | 'cert' | 'key' | 'strangerCert' | 'strangerKey', string>>;

  beforeAll(async () => {
    await makeCertificates(folder.path);
    const at = (name: string) => join(folder.path, name);
    files = {
      ca: at('ca.pem'),
      cert: at('client.pem'),
      key: at('client.key'),
      strangerCert: at('stranger.pem'),
      strangerKey: at('stranger.key'),
    };
    nats = await startNats({
      config: `tls { cert_file: ${JSON.stringify(at('server.pem'))}, key_file: ${JSON.stringify(at('server.key'))}, ca_file: ${JSON.stringify(files.ca)}, verify: true }
authorization { user: tidings, password: ${JSON.stringify(TOKEN)} }\n`,
    });
  });

  afterAll(() => nats?.[Symbol.asyncDispose]());

  const url = () => nats.url.replace('127.0.0.1', 'localhost');

  test('lets in a process with a certificate that the broker trusts, and NATS_URL_FILE and OPERATOR_TOKEN_FILE stand for the settings of the same name', async () => {
    const NATS_URL_FILE = await fileOf('url', `${url().replace('//', `//tidings:${TOKEN}@`)}\n`);
    const OPERATOR_TOKEN_FILE = await fileOf('operator', 'a-token-of-16-characters\n');
    const certificates = { NATS_TLS_CA: files.ca, NATS_TLS_CERT: files.cert, NATS_TLS_KEY: files.key };
    await expectToWork({ url: '' }, { NATS_URL_FILE, OPERATOR_TOKEN_FILE, ...certificates });
  });

  test('refuses one without a certificate or with that of a stranger, and the log has the reason', async () => {
    const trusting = { NATS_URL: url(), NATS_TLS_CA: files.ca, PORT: '0' };
    await using without = startProcess('src/main.ts', trusting);
    await using stranger = startProcess('src/main.ts', {
      ...trusting,
      NATS_TLS_CERT: files.strangerCert,
      NATS_TLS_KEY: files.strangerKey,
    });
    await without.logged('certificate required');
    await stranger.logged('alert unknown ca');
  });

  test('a broker whose certificate NATS_TLS_CA did not sign is refused, and the log has the reason', async () => {
    await using gateway = startProcess('src/main.ts', {
      NATS_URL: url(),
      NATS_TLS_CA: files.strangerCert,
      PORT: '0',
    });
    await gateway.logged('unable to verify the first certificate');
  });

  test('a key of another certificate ends the start', async () => {
    expect(
      await expectToEnd({ NATS_URL: url(), NATS_TLS_CERT: files.cert, NATS_TLS_KEY: files.strangerKey }),
    ).toMatch(/NATS_TLS_CERT and NATS_TLS_KEY must name certificates.*key values mismatch/);
  });
});

/** A certificate authority, a server and a client with certificates of it, and a stranger with its own. */
async function makeCertificates(cwd: string): Promise<void> {
  const self = (name: string) =>
    `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -keyout ${name}.key -out ${name}.pem`;
  const signed = (name: string) =>
    `openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=${name} -addext subjectAltName=DNS:localhost -keyout ${name}.key -out ${name}.csr
openssl x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -copy_extensions copy -out ${name}.pem`;
  await run('sh', ['-ec', [self('ca'), self('stranger'), signed('server'), signed('client')].join('\n')], {
    cwd,
  });
}
