import type { APIError } from "@anthropic-ai/sdk";
import type { FailureClass } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { anthropicRetryAfterMs } from "./retry-after.ts";

/** What a failure says of the call it belongs to. */
export interface CallFacts {
  readonly model: string;
  /** Host and port, for messages. */
  readonly host: string;
  readonly nowMs: number;
}

interface Verdict {
  readonly class: FailureClass;
  readonly code: string;
  readonly help: string | null;
}

/** Longest piece of a foreign error message that is passed on, in UTF-16 units. */
const LONGEST_DETAIL = 2000;

/** The failure behind an error response, or behind an `error` event inside a stream (then `status` is undefined). */
export function apiFailure(error: APIError, call: CallFacts): Failure {
  const type = error.type as string | null;
  const detail = shorten(error.apiMessage ?? error.message);
  const verdict = error.status === undefined ? byType(type, call) : byStatus(error.status, error, call);
  const what = [error.status, type].filter((part) => part !== undefined && part !== null).join(" ");
  const request = error.requestID ? `, request ${error.requestID}` : "";
  return failure(
    verdict.class,
    verdict.code,
    `${call.host} answered ${what}: ${detail} (model ${call.model}${request})`,
    {
      help: verdict.help,
      retryAfterMs: error.headers ? anthropicRetryAfterMs(error.headers, call.nowMs) : null,
    },
  );
}

function byStatus(status: number, error: APIError, call: CallFacts): Verdict {
  const code = `http_${status}`;
  const spent = billing(status, error);
  if (spent !== null) return spent;
  switch (status) {
    case 400:
    case 422:
      return isPromptTooLong(error)
        ? {
            class: "invalid",
            code: "prompt_too_long",
            help: "shorten the task or its inputs, or use a model with a larger context",
          }
        : { class: "invalid", code, help: null };
    case 401:
      return { class: "auth", code, help: "check the API key: ANTHROPIC_API_KEY, or `api_key` of the model" };
    case 403:
      return {
        class: "auth",
        code,
        help: `this API key may not use ${call.model}: check the key's workspace and permissions`,
      };
    case 404:
      return error.apiMessage === null
        ? {
            class: "invalid",
            code,
            help: `${call.host} does not speak Anthropic's API: check ANTHROPIC_BASE_URL or \`base_url\``,
          }
        : {
            class: "invalid",
            code: "unknown_model",
            help: `check the spelling of the model \`${call.model}\`, and that this API key may use it`,
          };
    case 413:
      return {
        class: "invalid",
        code: "request_too_large",
        help: "shorten the task or its inputs: a request may have 32 MB",
      };
    case 408:
      return { class: "network", code, help: null };
    case 429:
      return { class: "rate_limit", code, help: null };
    case 503:
    case 529:
      return { class: "overloaded", code, help: null };
    default:
      if (status >= 500 || status === 409) return { class: "server", code, help: null };
      if (status < 400) {
        return {
          class: "invalid",
          code,
          help: `${call.host} redirects, which is not followed: check ANTHROPIC_BASE_URL or \`base_url\``,
        };
      }
      return { class: "invalid", code, help: null };
  }
}

/** The failure behind an error that is data: the result of one request of a batch. */
export function errorFailure(type: string | null, message: string, call: CallFacts): Failure {
  const verdict = byType(type, call);
  const detail = `${call.host} answered ${type ?? "an error"}: ${shorten(message)} (model ${call.model})`;
  return failure(verdict.class, verdict.code, detail, { help: type === null ? null : verdict.help });
}

/** Names of the API's error types: platform.claude.com/docs/en/api/errors, 2026-11. */
function byType(type: string | null, call: CallFacts): Verdict {
  const statusOf: { readonly [type: string]: FailureClass } = {
    invalid_request_error: "invalid",
    authentication_error: "auth",
    billing_error: "auth",
    permission_error: "auth",
    not_found_error: "invalid",
    request_too_large: "invalid",
    rate_limit_error: "rate_limit",
    timeout_error: "server",
    api_error: "server",
    overloaded_error: "overloaded",
  };
  const known = type !== null && Object.hasOwn(statusOf, type) ? statusOf[type] : undefined;
  if (known !== undefined && type !== null) return { class: known, code: type, help: null };
  return { class: "server", code: "stream_error", help: `${call.host} reported an error in the middle of its reply` };
}

/** No money left is not a matter of waiting, whatever status it comes with. */
function billing(status: number, error: APIError): Verdict | null {
  const limit = error.errorCode?.endsWith("spend_limit_reached") ?? false;
  const words =
    status === 400 && /credit balance is too low|reached your specified api usage limits/i.test(error.message);
  if (status !== 402 && !limit && !words) return null;
  return {
    class: "auth",
    code: "billing",
    help: "the Anthropic account has no credit left or has reached its spend limit: see its billing page",
  };
}

/** The API has no code for this, only words. */
function isPromptTooLong(error: APIError): boolean {
  return /prompt is too long|exceeds? (?:the )?(?:model's )?(?:maximum )?context/i.test(error.message);
}

function shorten(text: string): string {
  return text.length > LONGEST_DETAIL ? `${text.slice(0, LONGEST_DETAIL)}...` : text;
}
