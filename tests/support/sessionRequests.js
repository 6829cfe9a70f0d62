// @ts-check
/**
 * The requests of a session's process, since ONNX Runtime only gets bytes and tensors. A listener for messages would
 * make Node deliver the request before the process itself listens. So this reads messages when they are emitted.
 */
let file = '';
let measures = false;
const { emit } = process;
process.emit = function (/** @type {any} */ event, /** @type {any[]} */ ...args) {
  if (event === 'message') {
    file = args[0]?.request?.file ?? file;
    measures = args[0]?.request?.measure === true;
  }
  return /** @type {any} */ (emit).call(this, event, ...args);
};

/** @returns {string} the path of the file that was loaded last */
export function fileToLoad() {
  return file;
}

/** @returns {boolean} whether this is the last run of a check: the process measures its memory after it */
export function isLastOfCheck() {
  return measures;
}
