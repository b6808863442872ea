import type { Effect } from "../../plan/effect.ts";

/** A program that answers as long as it is let. */
export interface ServerProcess {
  /** Never throws: it may be gone. */
  write(text: string): void;
  /** Takes what it prints, piece by piece. */
  onOutput(take: (chunk: Buffer) => void): void;
  /** The first of what it wrote to stderr. */
  stderr(): string;
  /** How it ended, as the end of a sentence: `with exit code 1`. Settles when it has. */
  readonly ended: Promise<string>;
  /** Ends it with all that came of it; settles when nothing is left. */
  stop(): Promise<void>;
}

/** What a server says of a tool: the hints are nobody's promise. */
export function hintedEffect(
  hints: { readonly readOnlyHint?: boolean | undefined; readonly idempotentHint?: boolean | undefined } | undefined,
): Effect {
  if (hints?.readOnlyHint === true) return "none";
  return hints?.idempotentHint === true ? "idempotent" : "unsafe";
}
