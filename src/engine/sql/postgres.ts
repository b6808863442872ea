import { connect, type Socket } from "node:net";
import type { Client, ClientConfig, QueryResult } from "pg";
import { checkedAddresses, type HostAddress, type HostGuard, type Resolve } from "../../network/resolve.ts";
import { connectionFailure } from "../../network/connection-failure.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { orAborted } from "../../util/or-aborted.ts";
import { err, ok, type Result } from "../../util/result.ts";
import { readPostgresAddress, type PostgresAddress } from "./postgres-address.ts";
import { jsonOf, jsonParser } from "./postgres-value.ts";
import { answerTooLarge, LONGEST_ANSWER_BYTES, readOnlyFailure, type SqlRequest, type SqlRows } from "./sql.ts";

export interface PostgresOptions {
  readonly guard: HostGuard;
  readonly resolve: Resolve;
  readonly label: string;
  readonly signal: AbortSignal;
  /** The server itself gives up after so long, whatever becomes of us; null = never. */
  readonly timeoutMs: number | null;
}

/** What the driver has and its types do not say. */
type Opened = Client & {
  readonly connection: { readonly stream: Socket };
  readonly processID: number | null;
  readonly secretKey: number | null;
};

/**
 * Asks a PostgreSQL server, over a connection of its own. A statement that only reads is asked in a transaction that can
 * do nothing else. An abort cancels the statement at the server and ends soon.
 */
export async function askPostgres(
  connection: string,
  request: SqlRequest,
  options: PostgresOptions,
): Promise<Result<SqlRows, Failure>> {
  const address = readPostgresAddress(connection, options.label);
  if (!address.ok) return address;
  const { guard, resolve, signal, label } = options;
  const hosts = await orAborted(checkedAddresses(address.value.host, guard, resolve), signal, () =>
    err(stopped(label)),
  );
  if (!hosts.ok) return hosts;
  const [host] = hosts.value;
  if (host === undefined) return err(stopped(label));
  const { default: pg } = await import("pg");
  const client = new pg.Client(configOf(address.value, host, options.timeoutMs, pg.types)) as Opened;
  return new Conversation(client, address.value, host, options).ask(request);
}

function configOf(
  { port, user, password, database, tls, host: name }: PostgresAddress,
  host: HostAddress,
  timeoutMs: number | null,
  types: typeof import("pg").types,
): ClientConfig {
  return {
    host: host.address,
    port,
    user,
    password,
    database,
    ssl: tls === "disable" ? false : { rejectUnauthorized: tls === "verify-full", servername: name },
    application_name: "muster",
    options: "-c timezone=UTC -c datestyle=ISO -c bytea_output=hex -c intervalstyle=iso_8601",
    ...(timeoutMs === null ? {} : { statement_timeout: timeoutMs + SERVER_LATER_MS }),
    types: {
      // The driver asks for texts only.
      getTypeParser: ((type: number) =>
        jsonParser(type, (other) => types.getTypeParser(other, "text") as (text: string) => unknown)) as never,
    },
  };
}

class Conversation {
  readonly #client: Opened;
  readonly #address: PostgresAddress;
  readonly #host: HostAddress;
  readonly #o: PostgresOptions;
  #isTooLarge = false;

  constructor(client: Opened, address: PostgresAddress, host: HostAddress, options: PostgresOptions) {
    this.#client = client;
    this.#address = address;
    this.#host = host;
    this.#o = options;
  }

  async ask({ query, params, isWrite }: SqlRequest): Promise<Result<SqlRows, Failure>> {
    const client = this.#client;
    const { signal, label } = this.#o;
    const stop = (): void => this.#cancel();
    // Errors reach whoever waits for an answer; one that comes when nobody waits must not end the process.
    client.on("error", () => {});
    signal.addEventListener("abort", stop, { once: true });
    try {
      await client.connect();
      this.#countBytes();
      if (!isWrite) await client.query("BEGIN READ ONLY");
      // The extended protocol takes one statement, whatever is in its text.
      const asked = { text: query, values: [...params], queryMode: "extended" };
      const result: QueryResult<{ [column: string]: unknown }> = await client.query(asked);
      if (!isWrite) await client.query("COMMIT");
      return ok(result.rows.map((row) => jsonOf(row) as SqlRows[number]));
    } catch (error) {
      if (signal.aborted) return err(stopped(label));
      return err(this.#isTooLarge ? answerTooLarge(label) : this.#failure(error));
    } finally {
      signal.removeEventListener("abort", stop);
      this.#close();
    }
  }

  #countBytes(): void {
    let bytes = 0;
    this.#client.connection.stream.on("data", (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= LONGEST_ANSWER_BYTES || this.#isTooLarge) return;
      this.#isTooLarge = true;
      this.#cancel();
    });
  }

  /** Asks the server, over another connection as its protocol wants it, to stop; then hangs up. */
  #cancel(): void {
    const { processID, secretKey, connection } = this.#client;
    if (processID === null || secretKey === null || processID === undefined) {
      connection.stream.destroy();
      return;
    }
    const message = Buffer.alloc(16);
    message.writeInt32BE(16, 0);
    message.writeInt32BE(CANCEL_REQUEST, 4);
    message.writeInt32BE(processID, 8);
    message.writeInt32BE(secretKey, 12);
    const socket = connect({ host: this.#host.address, port: this.#address.port });
    socket.on("error", () => {});
    socket.on("close", () => connection.stream.destroy());
    socket.end(message);
    socket.setTimeout(HANG_UP_MS, () => socket.destroy());
  }

  #close(): void {
    void this.#client.end().catch(() => {});
  }

  #failure(error: unknown): Failure {
    const { label } = this.#o;
    const { host, port } = this.#address;
    const { code, message } = error as Error & { readonly code?: string };
    const text = `${host} answers '${label}': ${message}`;
    if (code === "25006") return readOnlyFailure(label, message);
    if (code === undefined || !/^[0-9A-Z]{5}$/.test(code) || code.startsWith("E")) {
      return connectionFailure(error, {
        host: `${host}:${port}`,
        dnsHelp: null,
        refusedHelp: "is the server running, and does it listen there?",
      });
    }
    return failure(classOf(code), `sql_${code}`, text);
  }
}

/** The number of the message (https://www.postgresql.org/docs/current/protocol-message-formats.html). */
const CANCEL_REQUEST = 80877102;
/** We are the first to give up; the server's own limit is for when we are no more. */
const SERVER_LATER_MS = 5_000;
/** How long the server may take to accept the cancellation. */
const HANG_UP_MS = 1000;

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
function classOf(code: string): Failure["class"] {
  if (code === "57014") return "timeout";
  if (code.startsWith("28")) return "auth";
  if (code.startsWith("08") || code.startsWith("57P")) return "network";
  if (code.startsWith("53") || code.startsWith("55P")) return "overloaded";
  if (code === "40001" || code === "40P01" || code.startsWith("58") || code.startsWith("XX")) return "server";
  return "invalid";
}

function stopped(label: string): Failure {
  return failure("cancelled", "cancelled", `'${label}' was stopped`);
}
