import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";
import type { ServerProcess } from "./server.ts";

/** The longest message of a server, in bytes. */
const LONGEST_MESSAGE = 32 * 1024 * 1024;

const LINE_END = 0x0a;

/**
 * Messages over the standard input and output of a program, a line each. Lines that are no messages are passed over, as
 * many programs print something at their start; one that begins as a message and is none, or is too long, breaks the
 * connection: `broken` says why, as the end of a sentence.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport["onmessage"];
  /** null = it is not broken. */
  broken: string | null = null;
  readonly #program: ServerProcess;
  readonly #parse: (line: string) => JSONRPCMessage;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(program: ServerProcess, parse: (line: string) => JSONRPCMessage) {
    this.#program = program;
    this.#parse = parse;
  }

  async start(): Promise<void> {
    this.#program.onOutput((chunk) => this.#take(chunk));
    void this.#program.ended.then((how) => this.#break(`ended ${how}`));
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#program.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    this.broken ??= "was closed";
    this.onclose?.();
  }

  #take(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0 && this.broken === null; end = chunk.indexOf(LINE_END, from)) {
      this.#pieces.push(chunk.subarray(from, end));
      from = end + 1;
      const line = Buffer.concat(this.#pieces).toString("utf8").trim();
      this.#pieces = [];
      this.#bytes = 0;
      this.#line(line);
    }
    if (this.broken !== null) return;
    this.#pieces.push(chunk.subarray(from));
    this.#bytes += chunk.length - from;
    if (this.#bytes > LONGEST_MESSAGE) this.#break(`sent a message of more than ${LONGEST_MESSAGE / 1024 ** 2} MiB`);
  }

  #line(line: string): void {
    if (!line.startsWith("{")) return;
    let message: JSONRPCMessage;
    try {
      message = this.#parse(line);
    } catch {
      this.#break(`sent something that is no message of the protocol: ${line.slice(0, 100)}`);
      return;
    }
    this.onmessage?.(message);
  }

  #break(why: string): void {
    if (this.broken !== null) return;
    this.broken = why;
    this.#pieces = [];
    this.onclose?.();
  }
}
