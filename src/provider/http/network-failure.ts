import { failure, type Failure } from "../../run/failure.ts";
import type { Endpoint } from "./endpoint.ts";

const refusals: { readonly [code: string]: string } = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "the connection was reset",
  EPIPE: "the connection was closed while the request was sent",
  ETIMEDOUT: "no answer to the connection attempt",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "the network is unreachable",
};

const tlsCode =
  /^(?:ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED_CERT|EPROTO|HOSTNAME_MISMATCH)/;

/** The failure behind an error of the connection, before any reply began; names the host. */
export function networkFailure(error: unknown, { host, addressFrom, unreachableHelp }: Endpoint): Failure {
  const { code, message } = innermost(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return failure("network", "dns", `cannot find the host ${host} (${code})`, {
      help: `check the network and the spelling of ${addressFrom}`,
    });
  }
  if (code !== null && tlsCode.test(code)) {
    return failure("network", "tls", `cannot trust the connection to ${host}: ${message} (${code})`, {
      help: "a proxy that inspects traffic needs its certificate in NODE_EXTRA_CA_CERTS",
    });
  }
  const why = code !== null && Object.hasOwn(refusals, code) ? refusals[code] : message;
  const name = code === null ? "connection" : code.toLowerCase();
  return failure("network", name, `cannot reach ${host}: ${why}${code === null ? "" : ` (${code})`}`, {
    help: code === "ECONNREFUSED" ? unreachableHelp : null,
  });
}

/** Errors of the connection come wrapped, and several addresses come as one AggregateError. */
function innermost(error: unknown): { readonly code: string | null; readonly message: string } {
  let current: unknown = error;
  for (let depth = 0; depth < 8; depth += 1) {
    if (!(current instanceof Error)) break;
    const inner: unknown = current instanceof AggregateError ? current.errors[0] : current.cause;
    if ("code" in current && typeof current.code === "string" && !(inner instanceof Error && "code" in inner)) {
      return { code: current.code, message: current.message };
    }
    if (!(inner instanceof Error)) return { code: null, message: current.message };
    current = inner;
  }
  return { code: null, message: String(current) };
}
