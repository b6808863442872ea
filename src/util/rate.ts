/** So many within any span of so long. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

const unitsMs: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const multiples: { readonly [suffix: string]: number } = { k: 1000, M: 1_000_000 };

/** The rate of a text such as `10/m`, `5/s`, `400k/m` or `2M/h`; null when it is none. At least one. */
export function parseRate(text: string): Rate | null {
  const match = /^([1-9]\d{0,8})([kM]?)\/([smhd])$/.exec(text);
  if (match === null) return null;
  const [, number = "", suffix = "", unit = ""] = match;
  return { count: Number(number) * (multiples[suffix] ?? 1), windowMs: unitsMs[unit] ?? 0 };
}

/** A text that `parseRate` reads back. */
export function formatRate({ count, windowMs }: Rate): string {
  const unit = Object.entries(unitsMs).find(([, ms]) => ms === windowMs)?.[0] ?? "s";
  const suffix = Object.entries(multiples).findLast(([, by]) => count % by === 0);
  return suffix === undefined ? `${count}/${unit}` : `${count / suffix[1]}${suffix[0]}/${unit}`;
}
