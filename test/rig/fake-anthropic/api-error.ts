import type { ApiError } from "../fake-model/api-error.ts";

/** A request that the real API would refuse as invalid. */
export function invalid(message: string): ApiError {
  return { status: 400, type: "invalid_request_error", message };
}

/** The JSON body of an error. */
export function errorBody(type: string, message: string, requestId: string): string {
  return JSON.stringify({ type: "error", error: { type, message }, request_id: requestId });
}
