/**
 * The certificate of the gateway and its key. The files are looked at every few seconds, since a new pair comes in
 * many ways (written in place, renamed, a link that changes), of which some send no notice. A new pair is for new
 * connections; open ones go on with the old one.
 */
import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { ConfigurationError, messageOf } from '../contract/errors.ts';
import type { Config } from '../process/config.ts';
import type { Logger } from '../process/log.ts';
import { readRegularFile } from '../process/regularFile.ts';

/** As the secure server takes it. */
export interface CertifiedKey {
  /** The certificate, and those that lead to its root, in PEM. */
  readonly cert: Buffer;
  readonly key: Buffer;
}

interface Files {
  readonly certFile: string;
  readonly keyFile: string;
}

const FILE_MAX_BYTES = 1024 * 1024;
const LOOK_EVERY_MS = 2_000;

/** @throws {ConfigurationError} if only one of the two is set. @returns undefined if none is. */
export function certificateFiles({
  tlsCertFile: certFile,
  tlsKeyFile: keyFile,
}: Pick<Config, 'tlsCertFile' | 'tlsKeyFile'>): Files | undefined {
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  const [there, absent] =
    certFile === undefined ? ['TLS_KEY_FILE', 'TLS_CERT_FILE'] : ['TLS_CERT_FILE', 'TLS_KEY_FILE'];
  throw new ConfigurationError(`${absent} must name a file if ${there} does, got none`);
}

/** @throws {ConfigurationError} if the files cannot be read, or are no pair. */
export async function readCertificate({ certFile, keyFile }: Files): Promise<CertifiedKey> {
  try {
    const [cert, key] = await Promise.all(
      [certFile, keyFile].map((file) => readRegularFile(file, FILE_MAX_BYTES)),
    );
    if (cert === undefined || key === undefined) throw new Error('two files are read');
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (cause) {
    throw new ConfigurationError(
      `TLS_CERT_FILE and TLS_KEY_FILE must name a certificate and its key in PEM, got ${certFile} and ${keyFile}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** Looks for a new pair until it is disposed. */
export class CertificateWatch implements Disposable {
  readonly #files: Files;
  readonly #use: (certificate: CertifiedKey) => void;
  readonly #log: Logger;
  readonly #timer: NodeJS.Timeout;
  /** The state of the files whose content was looked at last. */
  #known: string;
  /** Their state a look ago. A pair is read once it has stayed the same, because its files are written one by one. */
  #seen: string;

  constructor({
    files,
    known,
    use,
    log,
  }: {
    files: Files;
    /** `stateOf(files)` from before they were read. */
    known: string;
    use: (certificate: CertifiedKey) => void;
    log: Logger;
  }) {
    this.#files = files;
    this.#known = known;
    this.#seen = known;
    this.#use = use;
    this.#log = log;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const state = await stateOf(this.#files);
    const isSettled = state === this.#seen;
    this.#seen = state;
    if (!isSettled || state === this.#known) return;
    this.#known = state;
    try {
      const certificate = await readCertificate(this.#files);
      this.#use(certificate);
      this.#log.info(shownCertificate(certificate), 'new connections get the new certificate');
    } catch (error) {
      this.#log.error(
        { reason: messageOf(error) },
        'the new certificate cannot be used: the old one is kept until the files change again',
      );
    }
  }
}

/** @returns a text that changes with the files. */
export async function stateOf({ certFile, keyFile }: Files): Promise<string> {
  const states = [certFile, keyFile].map(async (file) => {
    const { ino, size, mtimeMs } = await stat(file).catch(() => ({ ino: 0, size: 0, mtimeMs: 0 }));
    return `${ino} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(states)).join(', ');
}

/** What a log may show of a certificate. */
export function shownCertificate({ cert }: CertifiedKey): object {
  const { subjectAltName, subject, validTo } = new X509Certificate(cert);
  return { names: subjectAltName ?? subject, validTo };
}
