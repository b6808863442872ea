import type { APIError } from "openai";
import type { FailureClass } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import type { Endpoint } from "../http/endpoint.ts";
import { openaiRetryAfterMs } from "./retry-after.ts";

/** What a failure says of the call it belongs to. */
export interface CallFacts {
  readonly model: string;
  readonly endpoint: Endpoint;
  readonly nowMs: number;
  /** What to do about a model that the endpoint does not have. */
  readonly unknownModelHelp: string;
}

interface Verdict {
  readonly class: FailureClass;
  readonly code: string;
  readonly help: string | null;
}

/** Longest piece of a foreign error message that is passed on, in UTF-16 units. */
const LONGEST_DETAIL = 2000;

/** The failure behind an error response, or behind an error inside a stream (then `status` is undefined). */
export function apiFailure(error: APIError, call: CallFacts): Failure {
  const code = wordOf(error.code);
  const verdict = byCode(code ?? error.type ?? "", error, call) ?? byStatus(statusOf(error), error, call);
  const what = [error.status, code ?? error.type].filter((part) => part !== undefined && part !== null).join(" ");
  const detail = shorten(error.message.replace(/^\d{3} /, ""));
  const request = error.requestID ? `, request ${error.requestID}` : "";
  const said = what === "" ? "reported an error in its reply" : `answered ${what}`;
  return failure(
    verdict.class,
    verdict.code,
    `${call.endpoint.host} ${said}: ${detail} (model ${call.model}${request})`,
    {
      help: verdict.help,
      retryAfterMs: error.headers ? openaiRetryAfterMs(error.headers, call.nowMs) : null,
    },
  );
}

/**
 * What the error's own code says, whatever status it comes with; null when it says nothing more than the status.
 * Source of the codes: developers.openai.com/api/docs/guides/error-codes, 2026-11, and what the API answers.
 */
function byCode(code: string, error: APIError, call: CallFacts): Verdict | null {
  if (isPromptTooLong(code, error)) {
    const help = "shorten the task or its inputs, or use a model with a larger context";
    return { class: "invalid", code: "prompt_too_long", help };
  }
  switch (code) {
    case "insufficient_quota":
    case "billing_hard_limit_reached":
    case "billing_not_active": {
      const help = "the account has no credit left or has reached its spend limit: see its billing page";
      return { class: "auth", code: "billing", help };
    }
    case "model_not_found":
      return { class: "invalid", code: "unknown_model", help: call.unknownModelHelp };
    case "content_filter":
    case "content_policy_violation":
      return { class: "refused", code: "content_filter", help: "reword the task: a filter of the provider refused it" };
    case "rate_limit_exceeded":
      return { class: "rate_limit", code: "http_429", help: null };
    case "server_error":
      return error.status === undefined ? { class: "server", code, help: null } : null;
    default:
      return null;
  }
}

function byStatus(status: number | null, error: APIError, call: CallFacts): Verdict {
  const { host, addressFrom, keyFrom } = call.endpoint;
  const code = status === null ? "stream_error" : `http_${status}`;
  switch (status) {
    case null:
      return { class: "server", code, help: `${host} reported an error in the middle of its reply` };
    case 401:
      return { class: "auth", code, help: `check the API key: ${keyFrom}` };
    case 402:
      return { class: "auth", code: "billing", help: "the account has no credit left: see its billing page" };
    case 403:
      return { class: "auth", code, help: `this API key may not use ${call.model}: check its project and permissions` };
    case 404:
      return /model/i.test(error.message)
        ? { class: "invalid", code: "unknown_model", help: call.unknownModelHelp }
        : {
            class: "invalid",
            code,
            help: `${host} has no chat completions there: check ${addressFrom} (most end in /v1)`,
          };
    case 408:
      return { class: "network", code, help: null };
    case 413:
      return { class: "invalid", code: "request_too_large", help: "shorten the task or its inputs" };
    case 429:
      return { class: "rate_limit", code, help: null };
    case 503:
    case 529:
      return { class: "overloaded", code, help: null };
    default:
      if (status >= 500 || status === 409) return { class: "server", code, help: null };
      if (status < 400) {
        return { class: "invalid", code, help: `${host} redirects, which is not followed: check ${addressFrom}` };
      }
      return { class: "invalid", code, help: null };
  }
}

/** Inside a stream vLLM gives the status as the error's code. */
function statusOf(error: APIError): number | null {
  if (error.status !== undefined) return error.status;
  const code: unknown = error.code;
  return typeof code === "number" && code >= 400 && code < 600 ? code : null;
}

/** OpenAI has a code for it; others have only words. */
function isPromptTooLong(code: string, error: APIError): boolean {
  if (code === "context_length_exceeded") return true;
  const words = /context (?:length|size|window)|prompt is too long/i;
  return (error.status === 400 || error.status === 422 || error.status === undefined) && words.test(error.message);
}

/** Some servers have numbers where OpenAI has a word. */
function wordOf(code: unknown): string | null {
  return typeof code === "string" && code !== "" ? code : null;
}

function shorten(text: string): string {
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL)}...` : text;
}
