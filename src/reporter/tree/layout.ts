/** The columns of a row; a width of 0 leaves a column out. The detail goes on over those to its right that are empty. */
export interface Layout {
  readonly name: number;
  readonly detail: number;
  readonly model: number;
  readonly elapsed: number;
  readonly tokens: number;
  readonly cost: number;
}

/** Mark and the spaces around it. */
export const MARK_WIDTH = 3;

/** Between two columns. */
export const GAP = 1;

/**
 * Shares out a line of `width` columns. Figures keep their width and are left out one after the other where the line
 * is narrow: first the model, then the tokens, then the cost. `names` and `models` are the widest of each.
 */
export function layoutOf(width: number, names: number, models: number): Layout {
  const name = Math.max(4, Math.min(names, Math.floor(width * 0.25)));
  const elapsed = 6;
  const cost = width >= 44 ? 8 : 0;
  const tokens = width >= 56 ? 6 : 0;
  const model = width >= 72 ? Math.min(models, width >= 100 ? 30 : 17) : 0;
  const fixed = [name, elapsed, cost, tokens, model].filter((column) => column > 0);
  const used = MARK_WIDTH + fixed.reduce((sum, column) => sum + column + GAP, 0);
  return { name, detail: Math.max(0, width - used), model, elapsed, tokens, cost };
}
