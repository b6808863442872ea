import { failure, type Failure } from "../run/failure.ts";

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

/** Whom a connection is for, for messages. */
export interface Peer {
  /** Host and port. */
  readonly host: string;
  /** What to check when there is no such host. */
  readonly dnsHelp: string | null;
  /** What to do when nobody listens there. */
  readonly refusedHelp: string | null;
}

/** The failure (class `network`) behind an error of a connection; names the host. */
export function connectionFailure(error: unknown, { host, dnsHelp, refusedHelp }: Peer): Failure {
  const { code, message } = innermost(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return failure("network", "dns", `cannot find the host ${host} (${code})`, { help: dnsHelp });
  }
  if (code !== null && tlsCode.test(code)) {
    return failure("network", "tls", `cannot trust the connection to ${host}: ${message} (${code})`, {
      help: "a proxy that inspects traffic needs its certificate in NODE_EXTRA_CA_CERTS",
    });
  }
  const why = code !== null && Object.hasOwn(refusals, code) ? refusals[code] : message;
  const name = code === null ? "connection" : code.toLowerCase();
  return failure("network", name, `cannot reach ${host}: ${why}${code === null ? "" : ` (${code})`}`, {
    help: code === "ECONNREFUSED" ? refusedHelp : null,
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
