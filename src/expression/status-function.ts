/** The functions that ask how the steps before went; in `if` only. */
export const statusFunctions = ["success", "failure", "always", "cancelled"] as const;

export type StatusFunction = (typeof statusFunctions)[number];

/** True for the name of a status function. */
export function isStatusFunction(name: string): name is StatusFunction {
  return (statusFunctions as readonly string[]).includes(name);
}
