import { expect, it } from "vitest";
import { networkFailure } from "../../../../src/provider/http/network-failure.ts";

const endpoint = { host: "api.example.com", addressFrom: "SOME_BASE_URL", keyFrom: "SOME_KEY", unreachableHelp: null };

function coded(code: string, message = "low-level words"): Error {
  return Object.assign(new Error(message), { code });
}

it.each([
  ["a host without an address", coded("ENOTFOUND"), "dns", "cannot find the host api.example.com (ENOTFOUND)"],
  [
    "a wrapped error",
    new Error("Connection error.", { cause: coded("ECONNREFUSED") }),
    "econnrefused",
    "cannot reach api.example.com: connection refused (ECONNREFUSED)",
  ],
  [
    "several addresses that all refuse",
    new AggregateError([coded("ECONNREFUSED"), coded("ECONNREFUSED")], ""),
    "econnrefused",
    "cannot reach api.example.com: connection refused (ECONNREFUSED)",
  ],
  [
    "a certificate of its own",
    coded("DEPTH_ZERO_SELF_SIGNED_CERT", "self-signed certificate"),
    "tls",
    "cannot trust the connection to api.example.com: self-signed certificate (DEPTH_ZERO_SELF_SIGNED_CERT)",
  ],
  [
    "a code without words of ours",
    coded("HPE_INVALID_CONSTANT", "Parse Error: Expected HTTP/"),
    "hpe_invalid_constant",
    "cannot reach api.example.com: Parse Error: Expected HTTP/ (HPE_INVALID_CONSTANT)",
  ],
  [
    "an error without a code",
    new Error("Request timed out."),
    "connection",
    "cannot reach api.example.com: Request timed out.",
  ],
  [
    "a cause that leads back to itself",
    circular(),
    "connection",
    "cannot reach api.example.com: Error: round and round",
  ],
])("names the host and the reason of %s", (_what, error, code, message) => {
  expect(networkFailure(error, endpoint)).toMatchObject({ class: "network", code, message });
});

function circular(): Error {
  const error = new Error("round and round");
  error.cause = error;
  return error;
}
