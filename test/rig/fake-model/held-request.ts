import type { Answer } from "./answer.ts";
import type { FakeRequest } from "./fake-request.ts";

/**
 * A request that waits for the test. Each method answers it and returns when the connection is through with it
 * (the answer is written, or the client has gone).
 */
export class HeldRequest<Body> {
  readonly request: FakeRequest<Body>;
  /** Resolves when the response is written to its end, or the client has closed the connection. */
  readonly closed: Promise<void>;
  /** What the test decides: read by the server. */
  readonly answer: Promise<Answer>;
  #decide: (answer: Answer) => void = () => {};
  #close: () => void = () => {};

  constructor(request: FakeRequest<Body>) {
    this.request = request;
    this.answer = new Promise((resolve) => (this.#decide = resolve));
    this.closed = new Promise((resolve) => (this.#close = resolve));
  }

  /** A reply: a string as it stands, anything else as JSON. */
  reply(content: unknown, more: { readonly stopReason?: string; readonly model?: string } = {}): Promise<void> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return this.#with({ kind: "reply", text, ...more });
  }

  /** An error response of the API, e.g. `fail(529, "overloaded_error")`. */
  fail(status: number, type: string, headers: { readonly [name: string]: string } = {}, message = type): Promise<void> {
    return this.#with({ kind: "fail", status, type, message, headers });
  }

  /** An `error` event after some text. */
  failInStream(type: string, text = "It begins well"): Promise<void> {
    return this.#with({ kind: "fail_in_stream", type, message: type, text });
  }

  /** Closes the connection after so many bytes of the reply's body. */
  cut(afterBytes: number, text = "A reply that is never finished"): Promise<void> {
    return this.#with({ kind: "cut", text, afterBytes });
  }

  /** Resets the TCP connection. */
  reset(): Promise<void> {
    return this.#with({ kind: "reset" });
  }

  /** Never answers; returns when the client gives up. */
  hang(): Promise<void> {
    return this.#with({ kind: "hang" });
  }

  /** Begins a reply and breaks the JSON of an event. */
  garble(text = "It begins well"): Promise<void> {
    return this.#with({ kind: "garble", text });
  }

  /** Any response, byte for byte. */
  raw(status: number, contentType: string, body: string | Uint8Array): Promise<void> {
    return this.#with({ kind: "raw", status, contentType, body });
  }

  /** The server's word that the connection is through. */
  markClosed(): void {
    this.#close();
  }

  #with(answer: Answer): Promise<void> {
    this.#decide(answer);
    return this.closed;
  }
}
