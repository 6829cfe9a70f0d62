import { describe, expect, test } from 'vitest';
import { readConfig, withoutSecrets } from '../../../src/process/config.ts';

describe('readConfig', () => {
  test('has a default for everything, and takes an empty variable for unset', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 4000,
      natsUrl: undefined,
      resultTtlS: 900,
      resultMaxCount: 5_000_000,
      queueMaxJobs: 100_000,
      queueMaxBytes: 128 * 1024 * 1024,
      maxBodyBytes: 2 * 1024 * 1024,
      executionProviders: ['cpu'],
      allowedOrigins: [],
    });
    expect(readConfig({ PORT: '', NATS_URL: '', LOG_LEVEL: '' })).toEqual(config);
  });

  test('reads lists in the order in which they are written', () => {
    expect(readConfig({ EXECUTION_PROVIDERS: 'webgpu, cpu' }).executionProviders).toEqual(['webgpu', 'cpu']);
    expect(readConfig({ ALLOWED_ORIGINS: 'https://a.example,https://b.example' }).allowedOrigins).toEqual([
      'https://a.example',
      'https://b.example',
    ]);
  });

  test('reads origins as browsers write them, and names without the case of their letters', () => {
    const ALLOWED_ORIGINS =
      'HTTPS://App.Example:443/, http://localhost:5173,http://[::1]:80,https://bücher.example,tauri://localhost,*';
    expect(readConfig({ ALLOWED_ORIGINS }).allowedOrigins).toEqual([
      'https://app.example',
      'http://localhost:5173',
      'http://[::1]',
      'https://xn--bcher-kva.example',
      'tauri://localhost',
      '*',
    ]);
    expect(readConfig({ ALLOWED_HOSTS: 'API.example, [fd00::1],10.0.0.5,*' }).allowedHosts).toEqual([
      'api.example',
      '[fd00::1]',
      '10.0.0.5',
      '*',
    ]);
  });

  test.each([
    'null',
    'app.example',
    'https://app.example/path',
    'https://app.example//',
    'https://app.example?',
    'https://user@app.example',
    'https://*.example',
    'https://a.example https://b.example',
    'https:///',
    'file:///',
    'file://x',
    '//app.example',
  ])('refuses "%s" as an origin', (origin) => {
    expect(() => readConfig({ ALLOWED_ORIGINS: `https://app.example,${origin}` })).toThrow(
      'ALLOWED_ORIGINS must be a list of origins without paths, such as',
    );
  });

  test.each(['api.example:443', 'https://api.example', 'api.example/', 'fd00::1', '*.example', 'a b', 'a@b'])(
    'refuses "%s" as a name of the gateway',
    (host) => {
      expect(() => readConfig({ ALLOWED_HOSTS: host })).toThrow('ALLOWED_HOSTS must be a list of names');
    },
  );

  test('reads models to serve with their versions and weights', () => {
    const read = (WORKER_MODELS: string) => readConfig({ WORKER_MODELS }).workerModels;
    expect(read('')).toBeUndefined();
    expect(read('trip-duration=3, churn/2')).toMatchObject([
      { name: 'trip-duration', weight: 3 },
      { name: 'churn', version: '2' },
    ]);
    for (const wrong of [',', 'churn=0', 'churn/one', 'Churn'])
      expect(() => read(wrong)).toThrow('WORKER_MODELS must be a list of models or versions');
  });

  test.for([
    ['PORT', 'http', 'PORT must be a whole number from 0 to 65535, got "http"'],
    ['PORT', '70000', 'PORT must be a whole number from 0 to 65535, got "70000"'],
    ['PORT', '-1', 'PORT must be a whole number from 0 to 65535, got "-1"'],
    ['RESULT_TTL_S', '899', 'RESULT_TTL_S must be a whole number from 900 up, got "899"'],
    ['STREAM_REPLICAS', '2', 'STREAM_REPLICAS must be one of 1, 3, 5, got "2"'],
    [
      'TRACE_URL',
      'https://jaeger.example/trace',
      'TRACE_URL must be a URL with {traceId} in it, such as https://jaeger.example/trace/{traceId}',
    ],
    ['TRACE_URL', 'javascript:alert({traceId})', 'TRACE_URL must be a URL with {traceId} in it'],
    ['NATS_SYNC', 'never', 'NATS_SYNC must be one of default, always, got "never"'],
    [
      'EXECUTION_PROVIDERS',
      'gpu',
      'EXECUTION_PROVIDERS must be a list of different ones of cuda, webgpu, cpu, got "gpu"',
    ],
    [
      'EXECUTION_PROVIDERS',
      'cpu,cpu',
      'EXECUTION_PROVIDERS must be a list of different ones of cuda, webgpu, cpu, got "cpu,cpu"',
    ],
    [
      'OPERATOR_TOKEN',
      'too-short',
      'OPERATOR_TOKEN must be at least 16 printable ASCII characters without spaces, got 9 characters',
    ],
  ] as const)('names a wrong %s, the rule and the value', ([name, value, message]) => {
    expect(() => readConfig({ [name]: value })).toThrow(message);
  });

  test('names everything that is wrong at once', () => {
    const env = { PORT: 'http', STREAM_REPLICAS: '2', NATS_URL: ',', LOG_LEVEL: 'loud' };
    expect(() => readConfig(env)).toThrow(
      expect.objectContaining({
        problems: [
          expect.stringMatching(/^NATS_URL must be servers as nats:\/\/host:port .*, got 1 characters$/),
          expect.stringMatching(/^LOG_LEVEL must be/),
          expect.stringMatching(/^PORT must be/),
          expect.stringMatching(/^STREAM_REPLICAS must be/),
        ],
      }),
    );
  });
});

describe('NATS_URL', () => {
  test.for(['@', '/', ':', '?', '#', '%', '%zz', '%ff', ',', ' ', '[', ',nats', '/@/', '@:1'])(
    'a password with %j that is not percent-encoded is refused without showing a part of it',
    (character) => {
      for (const login of [
        `user:Sec${character}Ret`,
        `us${character}Ret:Sec`,
        `Sec${character}Ret`,
        `Sec:${character}Ret${character}`,
      ]) {
        // Without the character this is a right login.
        if (login === 'Sec:Ret') continue;
        for (const url of [`nats://${login}@host:4222`, `nats://a:1,nats://${login}@host`]) {
          const read = () => readConfig({ NATS_URL: url });
          expect(read, url).toThrow(/^NATS_URL must be servers .*; percent-encode the login:/);
          expect(read, url).not.toThrow(/Sec|Ret|4222/);
        }
      }
    },
  );

  test.for([
    'http://host:4222',
    'ws://host:4222',
    'nats://',
    'nats://host:port',
    'nats://host:0',
    'nats://host:65536',
    'nats://host/path',
    'nats://ho st',
    'nats://999.1.1.1',
    'nats://[::1',
    'nats://[fe80::1%eth0]:4222',
    ' , ',
  ])('%j is refused as NATS_URL', (url) => {
    expect(() => readConfig({ NATS_URL: url })).toThrow(/^NATS_URL must be servers as nats:\/\/host:port/);
  });

  test('a login without a user, and two logins, are refused', () => {
    expect(() => readConfig({ NATS_URL: 'nats://:Secret@host' })).toThrow(/percent-encode the login/);
    expect(() => readConfig({ NATS_URL: 'nats://a:Secret@host,nats://b:Secret@host' })).toThrow(
      /servers that all have the same login, got 41 characters$/,
    );
  });
});

test('an environment without secrets has neither a login nor the name of a file with one, and all the rest', () => {
  const secrets = {
    NATS_URL: 'nats://a:b@host',
    NATS_URL_FILE: '/url',
    NATS_CREDS: '/creds',
    NATS_NKEY_FILE: '/nkey',
    NATS_TOKEN_FILE: '/token',
    NATS_TLS_KEY: '/key',
    OPERATOR_TOKEN: 'token',
    OPERATOR_TOKEN_FILE: '/operator',
  };
  const others = { PATH: '/bin', NATS_TLS_CA: '/ca', MODELS_DIR: 'models', CUDA_VISIBLE_DEVICES: '0' };
  expect(withoutSecrets({ ...secrets, ...others })).toEqual(others);
});
