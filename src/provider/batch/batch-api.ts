import type { Failure } from "../../run/failure.ts";
import type { Result } from "../../util/result.ts";
import type { ModelReply } from "../provider.ts";

/** One request of a batch, in the provider's dialect. */
export interface BatchRequest {
  /** Unique among all batches: `[A-Za-z0-9_-]`, at most 64 of them. */
  readonly customId: string;
  readonly params: object;
}

/** A batch as the provider tells of it. */
export interface BatchState {
  readonly id: string;
  readonly isEnded: boolean;
  /** Milliseconds since 1970, the provider's clock. */
  readonly createdAtMs: number;
  /** Its requests in all states. */
  readonly size: number;
}

/** What came of one request of a batch. What was expired, cancelled or refused costs nothing. */
export interface BatchAnswer {
  readonly customId: string;
  readonly result: Result<ModelReply, Failure>;
}

/** Why a batch was not handed in, as far as is known. */
export interface SubmitFailure {
  readonly failure: Failure;
  /** The connection broke, or the server did: it may have been taken all the same. */
  readonly isUnknown: boolean;
}

/** A provider's batch endpoint. Nothing rejects: every failure is a value. */
export interface BatchApi {
  /** `headers` are those of all its requests; `key` goes out as `Idempotency-Key`. */
  submit(
    requests: readonly BatchRequest[],
    headers: { readonly [name: string]: string },
    key: string,
  ): Promise<Result<BatchState, SubmitFailure>>;
  state(id: string): Promise<Result<BatchState, Failure>>;
  /** Batches that were created at or after a time (the provider's clock), of whoever shares the key. */
  since(atMs: number): Promise<Result<readonly BatchState[], Failure>>;
  /** Gives the answers of a batch that has ended, as they come; null = all were given. */
  read(id: string, take: (answer: BatchAnswer) => void): Promise<Failure | null>;
  /** Asks to stop it; a few seconds at most, and no word on whether that worked. */
  cancel(id: string): Promise<void>;
}
