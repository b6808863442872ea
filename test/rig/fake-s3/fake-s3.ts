import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { signatureProblem, type Credentials } from "./signature.ts";

/** An S3-compatible store in memory, which knows one owner and looks at every signature. */
export interface FakeS3 {
  readonly url: string;
  /** Contents by `bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** `PUT bucket/key` and the like, in order. */
  readonly requests: string[];
  /** The next so many requests are answered with 503. */
  failNext(count: number): void;
  close(): Promise<void>;
}

export const credentials: Credentials = {
  accessKeyId: "AKTEST0123456789",
  secretAccessKey: "test-secret-key-0123456789",
  region: "eu-test-1",
};

/** What a command needs to reach it. */
export function environmentOf(store: FakeS3): { readonly [name: string]: string } {
  return {
    AWS_ENDPOINT_URL: store.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: credentials.region,
  };
}

export async function startFakeS3(buckets: readonly string[] = ["bucket"]): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  let failures = 0;
  const answer = (request: IncomingMessage, body: Buffer, response: ServerResponse): void => {
    const path = decodeURIComponent((request.url ?? "/").slice(1));
    requests.push(`${request.method} ${path}`);
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(request.method === "HEAD" ? undefined : `<Error><Code>${code}</Code></Error>`);
    };
    if (failures > 0) {
      failures -= 1;
      return refuse(503, "SlowDown");
    }
    const problem = signatureProblem(request, body, credentials);
    if (problem !== null) return refuse(403, problem);
    if (!buckets.includes(path.split("/")[0] ?? "")) return refuse(404, "NoSuchBucket");
    if (request.method === "PUT") {
      objects.set(path, body);
      response.writeHead(200).end();
      return;
    }
    const found = objects.get(path);
    if (found === undefined) return refuse(404, "NoSuchKey");
    response.writeHead(200, { "content-length": found.length });
    response.end(request.method === "HEAD" ? undefined : found);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    failNext: (count) => (failures = count),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
