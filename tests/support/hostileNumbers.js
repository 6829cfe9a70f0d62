// @ts-check
/** The inputs on which `hostileServe.js` does what bad programs do. */
export const DIES = 1001;
export const HANGS = 1002;
export const FAILS = 1003;
export const FLOODS = 1004;
export const ANSWERS_TOO_MUCH = 1005;
export const WRITES_NO_FRAME = 1006;
export const LEAVES_CHILDREN = 1007;
export const ANSWERS_WRONG_TYPE = 1008;
export const ANSWERS_WRONG_ROWS = 1009;
export const WRITES_NO_JSON = 1010;
export const ANSWERS_ANOTHER_ID = 1011;
export const TAKES_MEMORY = 1012;
