// @ts-check
/**
 * Which file a session's process was told to load last: ONNX Runtime is given its bytes alone. A listener would have the
 * request delivered before the process itself listens, so what is delivered is overheard.
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
