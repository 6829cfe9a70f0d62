/** The files in DATA_DIR by which the commands find the `npm start` that uses it. */

/** NATS_URL of its broker. */
export const BROKER_URL_FILE = 'nats-url';
/** The address of GraphQL, once its gateways answer. */
export const GATEWAY_URL_FILE = 'gateway-url';
/** The folder of the keys to its broker, one file for each role. */
export const KEYS_FOLDER = 'keys';
