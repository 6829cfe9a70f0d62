/** The nonce with which styles of this page are marked: the gateway's policy allows no others. */

/** @returns undefined where the page has none, as under `npm run dev`. */
export function styleNonce(): string | undefined {
  return document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce || undefined;
}

/** Tells it to the libraries that read it from where webpack has it. */
export function shareNonce(): void {
  Object.assign(globalThis, { __webpack_nonce__: styleNonce() });
}
