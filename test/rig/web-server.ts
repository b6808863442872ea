import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it came in, and the way to answer it. */
export interface WebExchange {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  readonly response: http.ServerResponse;
}

/** A server on 127.0.0.1 that answers as the test says; without an answer it holds the request. */
export class WebServer {
  readonly exchanges: WebExchange[] = [];
  #answer: (exchange: WebExchange) => void = () => {};
  #waiting: ((exchange: WebExchange) => void)[] = [];
  readonly #server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const exchange = { method, url, headers, body: Buffer.concat(chunks).toString("utf8"), response };
      this.exchanges.push(exchange);
      this.#answer(exchange);
      for (const tell of this.#waiting.splice(0)) tell(exchange);
    });
  });

  static async start(): Promise<WebServer> {
    const server = new WebServer();
    server.#server.listen(0, "127.0.0.1");
    await once(server.#server, "listening");
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `http://127.0.0.1:PORT`, or with another name for this machine. */
  origin(host = "127.0.0.1"): string {
    return `http://${host}:${this.port}`;
  }

  onRequest(answer: (exchange: WebExchange) => void): void {
    this.#answer = answer;
  }

  /** Answers all requests alike, JSON where the body is not a text. */
  reply(status: number, body: unknown = "", headers: http.OutgoingHttpHeaders = {}): void {
    this.onRequest(({ response }) => {
      const type = typeof body === "string" ? "text/plain" : "application/json";
      response.writeHead(status, { "content-type": type, ...headers });
      response.end(typeof body === "string" ? body : JSON.stringify(body));
    });
  }

  nextRequest(): Promise<WebExchange> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
