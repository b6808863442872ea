import { randomOf } from "../fault/share.ts";

/** Throws of the dice that are the same for a seed. */
export interface Draw {
  /** True in so large a part of all cases. */
  chance(part: number): boolean;
  /** 1 to `most`. */
  among(most: number): number;
  one<T>(of: readonly [T, ...T[]]): T;
  /** At most `most` of them, in their order. */
  some<T>(of: readonly T[], most: number): readonly T[];
}

export function drawOf(seed: number): Draw {
  const random = randomOf(seed);
  const among = (most: number): number => 1 + Math.floor(random() * most);
  return {
    chance: (part) => random() < part,
    among,
    one: (of) => of[among(of.length) - 1] as (typeof of)[0],
    some(of, most) {
      const count = Math.min(of.length, among(most + 1) - 1);
      const chosen = new Set<number>();
      while (chosen.size < count) chosen.add(among(of.length) - 1);
      return of.filter((_, index) => chosen.has(index));
    },
  };
}

/** A number in [0, 1) for a text, always the same for a seed (FNV-1a with a finish): what the world answers hangs on it. */
export function chanceOf(seed: number, text: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
