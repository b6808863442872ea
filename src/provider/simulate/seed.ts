/** A whole number from 0 to below `limit` (at most 2^32), always the same for the same text, and spread evenly. */
export function pick(seed: string, limit: number): number {
  // FNV-1a, with the finish of murmur3: neighbouring texts lead far apart.
  let hash = 0x811c9dc5;
  for (let index = 0; index < seed.length; index += 1) {
    hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % limit;
}
