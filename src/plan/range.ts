/** From the least to the most, both included. */
export interface Range {
  readonly floor: number;
  readonly ceiling: number;
}
