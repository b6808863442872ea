import type { IncomingHttpHeaders } from "node:http";

/** A request that the fake has let pass. */
export interface FakeRequest<Body> {
  /** 1, 2, 3, ... in the order of arrival. */
  readonly number: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Body;
  /** System prompt and messages as one text, for matching. */
  readonly text: string;
}
