import type { Template } from "../../expression/template.ts";
import type { NormalBody, NormalStep } from "../../manifest/normal.ts";
import type { Pointer } from "../../manifest/pointer.ts";
import { isHeaderValue } from "../header-value.ts";
import { asText } from "../../util/json.ts";
import type { Problems } from "../problems.ts";
import { readStatement, statementProblem, type SqlDialect } from "../sql-statement.ts";
import { isStateKey, LONGEST_KEY } from "../state-key.ts";
import type { HttpBody, SqlBody, StateBody } from "../types.ts";
import { substitutionsIn } from "./check-script.ts";
import { parseAddress } from "./parse-address.ts";
import { NOTHING, type Reader } from "./reader.ts";

type At = (...path: readonly string[]) => Pointer;
type Of<Kind> = Extract<NormalBody, { readonly kind: Kind }>;

const webAddress = {
  key: "url",
  schemes: ["http:", "https:"],
  example: "https://api.example.com/items/{{ inputs.id }}",
  what: "an address of the web such as https://api.example.com/items/{{ inputs.id }}",
  hasUser: false,
};

export function parseHttp(body: Of<"http">, at: At, reader: Reader, problems: Problems): HttpBody {
  const { method, expect } = body;
  const { template: url, url: address } = parseAddress(body.url, at("http", "url"), webAddress, reader, problems);
  const headers = reader.texts(body.headers, at("http", "headers"), "unit_environment");
  for (const [name, value] of Object.entries(headers)) checkHeader(name, value, at("http", "headers", name), problems);
  const query = Object.fromEntries(
    Object.entries(body.query).map(([name, value]) => [name, reader.content(value, at("http", "query", name), "unit")]),
  );
  if (body.body !== undefined && (method === "GET" || method === "HEAD")) {
    problems.error(at("http", "body"), {
      code: "WF2015",
      message: `a ${method} request has no body`,
      help: "write `method: POST`, or put the values into `query`",
      piece: "key",
    });
  }
  return {
    kind: "http",
    method,
    url,
    origin: address === null ? null : address.origin,
    headers,
    query,
    body: body.body === undefined ? null : reader.content(body.body, at("http", "body"), "unit_environment"),
    expect,
  };
}

/** A line end in a header would begin another header. What is computed is looked at in the run. */
function checkHeader(name: string, value: Template, pointer: Pointer, problems: Problems): void {
  if (value.kind !== "literal" || isHeaderValue(asText(value.value))) return;
  const message = `the header '${name}' has a line end or another sign in it that no header may have`;
  problems.error(pointer, { code: "WF2006", message });
}

const databaseAddress = {
  key: "connection",
  schemes: ["postgres:", "postgresql:"],
  example: "postgres://app:{{ secrets.DB_PASSWORD }}@db.example.com/app",
  what: "a file of the workspace (sqlite:data/app.db) or an address (postgres://app@db.example.com/app)",
  hasUser: true,
};

export function parseSql(step: NormalStep, body: Of<"sql">, at: At, reader: Reader, problems: Problems): SqlBody {
  const { connection, dialect, host } = parseConnection(body.connection, at("sql", "connection"), reader, problems);
  const pointer = at("sql", "query");
  const substitutions = substitutionsIn(body.query);
  for (const { text, offset, length } of substitutions) {
    problems.error(pointer, {
      code: "WF8004",
      message: `${text} would become part of the SQL text, where a value can be a command`,
      help: 'write `?` (SQLite) or `$1` (PostgreSQL) and pass the value in `params: ["${{ ... }}"]`',
      piece: { offset, length },
    });
  }
  const statement = readStatement(body.query);
  const problem = substitutions.length > 0 ? null : statementProblem(statement, dialect, body.params.length);
  if (problem !== null) problems.error(pointer, { code: "WF2018", message: `\`query\`: ${problem}` });
  return {
    kind: "sql",
    connection,
    dialect,
    host,
    query: body.query,
    params: body.params.map((value, index) => reader.value(value, [...at("sql", "params"), index], "unit")),
    // Who says whether it may be repeated says that it does something.
    isWrite: !statement.isRead || step.idempotent !== null,
  };
}

function parseConnection(
  written: string,
  pointer: Pointer,
  reader: Reader,
  problems: Problems,
): { connection: Template; dialect: SqlDialect | null; host: string | null } {
  const text = written.trim();
  if (/^sqlite:/i.test(text)) {
    const connection = reader.text(text, pointer, "unit") ?? NOTHING;
    if (/^sqlite:\s*$/i.test(text) || /^sqlite:(?:\/\/|:memory:)/i.test(text)) {
      problems.error(pointer, {
        code: "WF2006",
        message: "'connection' must name a file of the workspace",
        help: "write sqlite:data/app.db",
      });
    }
    return { connection, dialect: "sqlite", host: null };
  }
  const { template, url } = parseAddress(text, pointer, databaseAddress, reader, problems);
  return { connection: template, dialect: url === null ? null : "postgres", host: url?.hostname ?? null };
}

export function parseState(body: Of<"state">, at: At, reader: Reader, problems: Problems): StateBody {
  const { operation, scope, values } = body;
  const key = reader.text(body.key, at("state", operation), "unit") ?? NOTHING;
  if (key.kind === "literal" && operation !== "list" && !isStateKey(body.key)) {
    problems.error(at("state", operation), {
      code: "WF2006",
      message: `a key has 1 to ${LONGEST_KEY} printable letters`,
    });
  }
  const read = (name: string): Template | null =>
    Object.hasOwn(values, name) ? reader.value(values[name] ?? null, at("state", name), "unit") : null;
  const by = read("by");
  if (by?.kind === "literal" && by !== NOTHING && (typeof by.value !== "number" || !Number.isFinite(by.value))) {
    problems.error(at("state", "by"), {
      code: "WF2003",
      message: "'by' must be a number or an expression that gives one",
    });
  }
  const value =
    operation === "increment" ? (by ?? { kind: "literal" as const, value: 1 }) : (read("value") ?? read("to"));
  return { kind: "state", operation, scope, key, value, from: read("from") };
}
