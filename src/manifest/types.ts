/** The classes of failure. */
export type FailureClass = "rate_limit" | "overloaded" | "server" | "network" | "timeout" | "output" | "tool" | "exit" | "refused" | "auth" | "invalid" | "budget" | "cancelled" | "internal";
export type Backoff = "fixed" | "exponential";
export type Effort = "low" | "medium" | "high" | "max";
export type Shell = "sh" | "bash" | "zsh";
