import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { retryAfterMs } from "../../network/retry-after.ts";
import { tooLarge, type WebAnswer } from "../../network/web-request.ts";
import type { FailureClass } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { readJson, type Json } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";

/** How much of an answer that is a failure stays on the record (characters). */
const RECORDED_HEAD = 16 * 1024;

/** An answer as a value: parsed JSON where it says that it is JSON, null without a body, text else. */
export function answerValue(
  answer: WebAnswer,
  { label, host, longestBody, wantsValue }: { label: string; host: string; longestBody: number; wantsValue: boolean },
): Result<Json, Failure> {
  const body = decoded(answer, host, longestBody);
  if (!body.ok) return body;
  if (body.value.byteLength === 0) return ok(null);
  const [type = "", ...parameters] = (answer.headers.get("content-type") ?? "").toLowerCase().split(";");
  const text = textOf(body.value, parameters);
  const isJson = /^\s*(?:application|text)\/(?:[\w.+-]+\+)?json\s*$/.test(type);
  if (!isJson && !wantsValue) return ok(text);
  const value = readJson(text);
  if (value.ok || !isJson) return ok(value.ok ? value.value : text);
  const message = `the answer to '${label}' says that it is JSON and is not: ${value.error}`;
  return err(failure("output", "not_json", message, { partial: head(text) }));
}

/** The failure of a status that is not expected. */
export function statusFailure(label: string, host: string, answer: WebAnswer, nowMs: number): Failure {
  const { status, headers, body } = answer;
  return failure(classOf(status), `http_${status}`, `${host} answered '${label}' with status ${status}`, {
    help: helpOf(status),
    retryAfterMs: status === 429 || status === 503 ? retryAfterMs(headers, nowMs) : null,
    partial: body.byteLength === 0 ? null : head(body.subarray(0, RECORDED_HEAD * 4).toString("utf8")),
  });
}

function classOf(status: number): FailureClass {
  if (status === 401 || status === 403 || status === 407) return "auth";
  if (status === 408 || status === 504) return "timeout";
  if (status === 429) return "rate_limit";
  if (status === 503 || status === 529) return "overloaded";
  if (status >= 500) return "server";
  return status >= 400 ? "invalid" : "output";
}

function helpOf(status: number): string | null {
  if (status === 401 || status === 403) return "look at the token or key in `headers`, and at what it may do";
  return status < 400 ? `if that is a success, say so: expect: [${status}]` : null;
}

/** We ask for no encoding; some servers give one all the same. */
function decoded({ body, headers }: WebAnswer, host: string, longest: number): Result<Buffer, Failure> {
  const encoding = (headers.get("content-encoding") ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "" || body.byteLength === 0) return ok(body);
  const decode = { gzip: gunzipSync, "x-gzip": gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[encoding];
  try {
    if (decode !== undefined) return ok(decode(body, { maxOutputLength: longest }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return err(tooLarge(host, longest));
  }
  return err(
    failure(
      "output",
      "not_readable",
      `the answer of ${host} is encoded as '${encoding.slice(0, 40)}' and cannot be read`,
    ),
  );
}

function textOf(body: Buffer, parameters: readonly string[]): string {
  const charset = parameters.map((each) => /^\s*charset\s*=\s*"?([\w.:-]+)"?\s*$/.exec(each)?.[1]).find(Boolean);
  try {
    return new TextDecoder(charset ?? "utf-8").decode(body);
  } catch {
    return new TextDecoder().decode(body);
  }
}

function head(text: string): string {
  return text.length <= RECORDED_HEAD ? text : `${text.slice(0, RECORDED_HEAD)}…`;
}
