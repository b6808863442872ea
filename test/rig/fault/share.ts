/** Which part of the fault runs is done: 1 = all of it (default), 0.02 = a fiftieth, as in CI. FAULT_SHARE says. */
const share = Number(process.env["FAULT_SHARE"] ?? 1);

/** The seed of the fault runs; FAULT_SEED tries another one. Every run of them can be told again by its own seed. */
export const faultSeed = Number(process.env["FAULT_SEED"] ?? 20_261_128);

/** So many of `all` cases are done, at least `least` of them. */
export function shareOf(all: number, least: number): number {
  return Math.min(all, Math.max(least, Math.round(all * share)));
}

/** Whether the whole of the fault runs is done: then counts of what came up can be asserted. */
export const isWhole = share >= 1;

/** Numbers in [0, 1), always the same for a seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
