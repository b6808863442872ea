import type { IncomingHttpHeaders } from "node:http";
import type { WireRequest } from "./wire.ts";

/** A request that the fake has let pass. */
export interface FakeRequest {
  /** 1, 2, 3, ... in the order of arrival. */
  readonly number: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: WireRequest;
  /** System prompt and messages as one text, for matching. */
  readonly text: string;
}
