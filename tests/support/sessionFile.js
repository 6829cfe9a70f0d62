// @ts-check
/**
 * The file that a session's process loaded last, since ONNX Runtime only gets its bytes. A listener for messages would
 * make Node deliver the request before the process itself listens. So this reads messages when they are emitted.
 */
let file = '';
const { emit } = process;
process.emit = function (/** @type {any} */ event, /** @type {any[]} */ ...args) {
  if (event === 'message') file = args[0]?.request?.file ?? file;
  return /** @type {any} */ (emit).call(this, event, ...args);
};

/** @returns {string} its path */
export function fileToLoad() {
  return file;
}
