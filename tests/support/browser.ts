/** Headless Chromium, if the machine has one. */
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './programs.ts';

/** Arguments that keep Chromium from contacting other servers than the page's own. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Finds Chromium, like `findProgram`. */
export function findBrowser(): string | undefined {
  return findProgram({
    names: ['chromium', 'chromium-browser', 'google-chrome'],
    tests: 'The browser tests',
    debianPackage: 'chromium',
  });
}

export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: QUIET });
}
