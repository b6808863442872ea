import { StringDecoder } from "node:string_decoder";

/** Collects what a program writes to one stream as text (UTF-8, invalid bytes become U+FFFD), up to a limit. */
export class OutputBuffer {
  readonly #decoder = new StringDecoder("utf8");
  readonly #pieces: string[] = [];
  #leftBytes: number;
  #truncated = false;

  constructor(limitBytes: number) {
    this.#leftBytes = limitBytes;
  }

  /** Takes a chunk; answers its text, which is empty for bytes over the limit and while a character is incomplete. */
  add(chunk: Buffer): string {
    if (chunk.length > this.#leftBytes) this.#truncated = true;
    const kept = chunk.subarray(0, this.#leftBytes);
    this.#leftBytes -= kept.length;
    return this.#keep(this.#decoder.write(kept));
  }

  /** Ends the stream; answers the text that was still missing. A character that the limit cut in two is dropped. */
  end(): string {
    return this.#truncated ? "" : this.#keep(this.#decoder.end());
  }

  get text(): string {
    return this.#pieces.join("");
  }

  get truncated(): boolean {
    return this.#truncated;
  }

  #keep(text: string): string {
    if (text !== "") this.#pieces.push(text);
    return text;
  }
}
