/** The units of deploy/: systemd accepts them, and the processes start. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startNats } from '../../support/natsServer.ts';
import { startProcess } from '../../support/processes.ts';
import { findProgram } from '../../support/programs.ts';

const ROOT = join(import.meta.dirname, '../../..');
const UNITS = ['tidings-gateway.service', 'tidings-worker@.service', 'tidings-trainer@.service'];

const systemdAnalyze = findProgram({
  names: ['systemd-analyze'],
  tests: 'The check of the units for systemd',
  debianPackage: 'systemd',
});

describe.each(UNITS)('deploy/%s', (name) => {
  test.skipIf(systemdAnalyze === undefined)('is accepted by systemd-analyze without a warning', async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), 'tidings-units-'));
    const file = join(folder.path, name);
    await writeFile(file, (await readUnit(name)).replaceAll('/opt/tidings', ROOT));
    const { stdout, stderr } = await promisify(execFile)(systemdAnalyze ?? '', ['verify', file]);
    expect(stdout + stderr).toBe('');
  });

  test('starts a process that becomes ready, and ends with exit code 0 when it is stopped', async () => {
    const unit = await readUnit(name);
    const [, script = ''] = /^ExecStart=\/opt\/tidings\/node_modules\/\.bin\/node (\S+)$/m.exec(unit) ?? [];
    const [, environment = ''] = /^Environment=(.*)$/m.exec(unit) ?? [];
    const variables = Object.fromEntries(environment.split(' ').map((each) => each.split('=')));
    await using nats = await startNats();
    await using data = await mkdtempDisposable(join(tmpdir(), 'tidings-units-'));
    // Only this machine can reach the gateway, and without draining the test does not wait.
    const here = { NATS_URL: nats.url, HOST: '127.0.0.1', PORT: '0', DRAIN_MS: '0', DATA_DIR: data.path };
    await using started = startProcess(script, { ...variables, ...here });
    await started.ready;
    started.kill('SIGTERM');
    expect(await started.ended).toBe(0);
  });
});

function readUnit(name: string): Promise<string> {
  return readFile(join(ROOT, 'deploy', name), 'utf8');
}
