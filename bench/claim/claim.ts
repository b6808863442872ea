/** Something that the guide says, and what came out. */
export interface Claim {
  readonly what: string;
  /** As the guide has it. */
  readonly said: string;
  readonly measured: string;
  /** The figure behind it, written the plain way, and as the guide advises. */
  readonly before: string;
  readonly after: string;
}

/** How much less it is, in whole percent. */
export function savedPercent(before: number, after: number): string {
  return `${Math.round(100 * (1 - after / before))} % less`;
}
