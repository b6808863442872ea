import { createReadStream } from "node:fs";
import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import { failure, type Failure } from "../../run/failure.ts";
import type { Clock } from "../../util/clock.ts";
import { sleep } from "../../util/sleep.ts";
import type { RemoteContents } from "../workspace/unit-files.ts";
import type { S3Place } from "./s3-place.ts";

/** Tries of one request, and the wait before the second; it doubles each time. */
const MOST_TRIES = 4;
const FIRST_WAIT_MS = 500;
/** A connection on which nothing moves for so long is dead. */
const IDLE_MS = 60_000;
/** What of an error's text is read. */
const LONGEST_ERROR_BYTES = 4096;
/** SHA-256 of nothing. */
const NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

interface Asked {
  readonly method: "HEAD" | "PUT" | "GET";
  readonly sha256: string;
  /** What is sent: a file of so many bytes. */
  readonly body?: { readonly path: string; readonly bytes: number };
  readonly signal: AbortSignal;
}

/** The store could not be asked, or said that it is busy: the same again may do. */
class Transient extends Error {}

/** Contents in an S3-compatible store, each under its SHA-256. Both ways stream, and both check what came. */
export function createS3Contents(place: S3Place, clock: Clock): RemoteContents {
  const agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };

  const headersOf = async ({ method, sha256, body }: Asked): Promise<{ [name: string]: string }> => {
    // Loaded by runs that have a store alone.
    const { AwsV4Signer } = await import("aws4fetch");
    const { accessKeyId, secretAccessKey, sessionToken, region } = place;
    const { headers } = await new AwsV4Signer({
      method,
      url: `${place.address}/${sha256}`,
      headers: { "x-amz-content-sha256": body === undefined ? NOTHING : sha256 },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === null ? {} : { sessionToken }),
      region,
      service: "s3",
    }).sign();
    return {
      ...Object.fromEntries(headers),
      ...(body === undefined ? {} : { "content-length": String(body.bytes) }),
    };
  };

  const ask = async (asked: Asked): Promise<http.IncomingMessage> => {
    const url = new URL(`${place.address}/${asked.sha256}`);
    const headers = await headersOf(asked);
    const isSecure = url.protocol === "https:";
    const options = {
      method: asked.method,
      headers,
      agent: isSecure ? agents.https : agents.http,
      signal: asked.signal,
    };
    const request = (isSecure ? https : http).request(url, options);
    request.setTimeout(IDLE_MS, () => request.destroy(new Transient("nothing moved for a minute")));
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once("response", resolve);
      request.once("error", reject);
    });
    if (asked.body === undefined) request.end();
    // A store that refuses early closes the connection: its answer counts, not that we could not go on.
    else pipeline(createReadStream(asked.body.path), request).catch(() => undefined);
    return await answered;
  };

  /** Does something until it is done, or no try is left. Null is success. */
  const trying = async (
    what: string,
    signal: AbortSignal,
    once: () => Promise<Failure | null>,
  ): Promise<Failure | null> => {
    for (let n = 1; ; n += 1) {
      try {
        return await once();
      } catch (error) {
        const { message, code = "" } = error as NodeJS.ErrnoException;
        const isTransient = error instanceof Transient || /^(?:E[A-Z]+|UND_ERR_\w+)$/.test(code);
        if (signal.aborted) return failure("cancelled", "cancelled", `${what} was stopped`);
        if (!isTransient || n >= MOST_TRIES)
          return failure(
            "network",
            "artifact_store",
            `${what} failed ${n} time${n === 1 ? "" : "s"}: ${message || code}`,
            {
              help: "what the step did is done: see whether the store can be reached, then resume",
            },
          );
        await sleep(clock, FIRST_WAIT_MS * 2 ** (n - 1), signal);
      }
    }
  };

  return {
    urlOf: (sha256) => `${place.store}/${sha256}`,
    send: ({ sha256, bytes }, path, signal) =>
      trying(`sending an artifact to ${place.store}`, signal, async () => {
        const there = await ask({ method: "HEAD", sha256, signal });
        there.resume();
        if (there.statusCode === 200 && Number(there.headers["content-length"]) === bytes) return null;
        return refusalOf(place, await ask({ method: "PUT", sha256, body: { path, bytes }, signal }));
      }),
    fetch: async ({ path, sha256, bytes }, into) => {
      const { signal } = new AbortController();
      return trying(`fetching the artifact '${path}' from ${place.store}`, signal, async () => {
        const answer = await ask({ method: "GET", sha256, signal });
        const refused = answer.statusCode === 200 ? null : await refusalOf(place, answer);
        if (refused !== null) return refused;
        const kept = await into.keep(answer);
        if (kept.sha256 === sha256 && kept.bytes === bytes) return null;
        return failure(
          "internal",
          "artifact_lost",
          `the artifact '${path}' in ${place.store} is not what was put there`,
        );
      });
    },
  };
}

/** Null when the store did what it was asked. Throws Transient when the same again may do. */
async function refusalOf({ store }: S3Place, answer: http.IncomingMessage): Promise<Failure | null> {
  const status = answer.statusCode ?? 0;
  if (status >= 200 && status < 300) {
    answer.resume();
    return null;
  }
  const text = await startOf(answer);
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? "";
  const said = `${store} answered ${status}${code === "" ? "" : ` ${code}`}`;
  if (status >= 500 || status === 429 || status === 408) throw new Transient(said);
  if (status === 401 || status === 403)
    return failure("auth", "artifact_store", said, { help: "see AWS_ACCESS_KEY_ID and what its owner may do" });
  if (status === 404 && code === "NoSuchKey") return failure("internal", "artifact_lost", `${said}: it is not there`);
  return failure("invalid", "artifact_store", said, { help: "see 'artifacts.store', AWS_REGION and AWS_ENDPOINT_URL" });
}

async function startOf(answer: http.IncomingMessage): Promise<string> {
  let text = "";
  answer.setEncoding("utf8");
  for await (const chunk of answer as AsyncIterable<string>) {
    text += chunk;
    if (text.length > LONGEST_ERROR_BYTES) break;
  }
  return text;
}
