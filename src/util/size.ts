const unitsBytes: { readonly [unit: string]: number } = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** The bytes of a size such as `64KiB` or `256MiB`; null when the text is none, or too large to be exact. */
export function parseSize(text: string): number | null {
  const match = /^(\d+)(B|KiB|MiB|GiB|TiB)$/.exec(text);
  if (!match) return null;
  const bytes = Number(match[1]) * (unitsBytes[match[2] as string] as number);
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Bytes as a size that `parseSize` reads: in the largest unit of which there is a whole number. */
export function formatSize(bytes: number): string {
  const [unit, factor] = Object.entries(unitsBytes).findLast(([, each]) => bytes > 0 && bytes % each === 0) ?? ["B", 1];
  return `${bytes / factor}${unit}`;
}
