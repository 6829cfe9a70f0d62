/** Certificates for tests, made by openssl. */
import { execFile } from 'node:child_process';
import { mkdtempDisposable, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface CertificateFolder extends AsyncDisposable {
  /** The settings of a gateway. */
  readonly env: { readonly TLS_CERT_FILE: string; readonly TLS_KEY_FILE: string };
  /** The present certificate. */
  read(): Promise<Buffer>;
  /** Makes a new pair in place of the one before. */
  renew(): Promise<void>;
}

/** A self-signed certificate for localhost and 127.0.0.1. */
export async function makeCertificate(): Promise<CertificateFolder> {
  const folder = await mkdtempDisposable(join(tmpdir(), 'tidings-certificate-'));
  const [certFile, keyFile] = [join(folder.path, 'cert.pem'), join(folder.path, 'key.pem')];
  const renew = async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
    const files = ['-keyout', `${keyFile}.new`, '-out', `${certFile}.new`];
    await run('openssl', ['req', '-x509', ...kind, ...subject, ...files]);
    for (const file of [keyFile, certFile]) await rename(`${file}.new`, file);
  };
  await renew();
  return {
    env: { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile },
    read: () => readFile(certFile),
    renew,
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}
