import { isPrivateHost } from "../../plan/host-pattern.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { err, ok, type Result } from "../../util/result.ts";

/** Where a `postgres://` address leads. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `require` trusts any certificate, `verify-full` the system's authorities for that host. */
  readonly tls: "disable" | "require" | "verify-full";
}

/** Reads an address. Nothing of it is in the message of a failure: it may be a secret. */
export function readPostgresAddress(text: string, label: string): Result<PostgresAddress, Failure> {
  const wrong = (why: string): Result<never, Failure> =>
    err(
      failure("invalid", "bad_connection", `the connection of '${label}' ${why}`, {
        help: "write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full",
      }),
    );
  if (!URL.canParse(text)) return wrong("is no address");
  const url = new URL(text);
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:")
    return wrong("is neither sqlite: nor postgres://");
  if (url.hostname === "") return wrong("names no host");
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // On the way through a network the server has to prove itself, unless somebody says otherwise.
  let tls: string = isPrivateHost(host) ? "disable" : "verify-full";
  for (const [name, value] of url.searchParams) {
    if (name !== "sslmode")
      return wrong(`has the parameter '${name.slice(0, 40)}', which is not known: only sslmode is`);
    tls = value;
  }
  if (tls !== "disable" && tls !== "require" && tls !== "verify-full") {
    return wrong("has an sslmode other than disable, require and verify-full");
  }
  try {
    const user = decodeURIComponent(url.username);
    const database = decodeURIComponent(url.pathname.slice(1)) || user;
    if (user === "") return wrong("names no user");
    return ok({
      host,
      port: Number(url.port || 5432),
      user,
      password: decodeURIComponent(url.password),
      database,
      tls,
    });
  } catch {
    return wrong("has a `%` that stands for nothing: write it as %25");
  }
}
