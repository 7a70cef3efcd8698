/**
 * A shorter key could be guessed: where others reach the gateway it is none at all. On the machine
 * of whoever chose it, it is good for requests of that machine (`LOOPBACK_API_KEY`).
 */
export const MIN_STATIC_KEY = 16;
