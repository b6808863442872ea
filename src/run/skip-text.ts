/** Why a step was skipped, for people; `cause` as in the event `step.skipped`. */
export function skipText(cause: unknown): string {
  if (cause === "upstream") return "because of a failure before it";
  return cause === "needs" ? "what it needs was skipped" : "its condition is false";
}
