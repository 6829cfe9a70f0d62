/** Headless Chromium, if the machine has one. */
import { type Browser, chromium } from 'playwright-core';
import { findProgram } from './programs.ts';

/** It shall ask nobody but the page's own server. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** As `findProgram`. */
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
