import type { Failure } from "../../run/failure.ts";
import type { Result } from "../../util/result.ts";
import type { CallDeferral, ModelReply } from "../provider.ts";

/** A call that waits for its answer. */
export interface Want {
  readonly params: object;
  readonly headers: { readonly [name: string]: string };
  readonly deferral: CallDeferral;
  /** null = not answered yet. */
  answer: Result<ModelReply, Failure> | null;
  /** Settles with the answer. */
  readonly answered: Promise<void>;
  give(answer: Result<ModelReply, Failure>): void;
}

export function createWant(params: object, headers: { readonly [name: string]: string }, deferral: CallDeferral): Want {
  let settle!: () => void;
  const answered = new Promise<void>((resolve) => (settle = resolve));
  return {
    params,
    headers,
    deferral,
    answer: null,
    answered,
    give(answer) {
      this.answer ??= answer;
      settle();
    },
  };
}
