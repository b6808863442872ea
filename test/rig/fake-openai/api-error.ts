import type { ApiError } from "../fake-model/api-error.ts";

/** A request that the real API would refuse as invalid. */
export function invalid(message: string, param: string | null = null, code: string | null = null): ApiError {
  return { status: 400, type: "invalid_request_error", message, param, code };
}

/** The JSON body of an error. */
export function errorBody({ message, type, param = null, code = null }: ApiError): string {
  return JSON.stringify({ error: { message, type, param, code } });
}
