import { refusalOf } from "../../plan/permissions.ts";
import { readStatement, statementProblem, type SqlDialect } from "../../plan/sql-statement.ts";
import type { PlannedStep, SqlBody } from "../../plan/types.ts";
import type { Resolve } from "../../network/resolve.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { asText, type Json } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import type { SqlRequest, SqlRows } from "../sql/sql.ts";
import { expressionFailure } from "./expression-failure.ts";
import { plainResult, type AttemptContext, type PrepareContext, type StepHandler } from "./handler.ts";

export interface SqlStepOptions {
  /** Absolute path of the workspace of units that have no folder of their own. */
  readonly workspace: string;
  /** The program `node`, which asks SQLite. */
  readonly node: string;
  /** What that program inherits. */
  readonly environment: { readonly [name: string]: string };
  readonly resolve: Resolve;
  readonly check: SchemaCheck;
}

/** `sql` steps: one statement, its rows. */
export function createSqlStep(options: SqlStepOptions): StepHandler {
  return {
    prepare(step, context) {
      const { body } = step;
      if (body.kind !== "sql") return err(failure("internal", "bug", "not a sql step"));
      const resolved = resolveTemplates(step.id, body, context);
      if (!resolved.ok) return resolved;
      const { connection, params } = resolved.value;
      const request: SqlRequest = { query: body.query, params, isWrite: body.isWrite };
      return ok({
        kind: "later",
        model: null,
        isWaiting: false,
        asked: () => ({ query: body.query, params }),
        run: async (attempt) => {
          const rows = await ask(step, connection, request, attempt, { ...options, grant: context.grant });
          return resultOf(step, rows, attempt, options.check);
        },
      });
    },
  };
}

function resolveTemplates(
  id: string,
  body: SqlBody,
  { evaluator, values, resources }: PrepareContext,
): Result<{ connection: string; params: Json[] }, Failure> {
  // A path is not an address: its parts are looked at as a path.
  const escape =
    body.dialect === "postgres" ? { escape: (text: string) => encodeURIComponent(text.toWellFormed()) } : {};
  const connection = evaluator.evaluate(body.connection, values, undefined, { ...resources, ...escape });
  if (!connection.ok) return err(expressionFailure("sql.connection", id, connection.error));
  const params: Json[] = [];
  for (const [index, template] of body.params.entries()) {
    const value = evaluator.evaluate(template, values);
    if (!value.ok) return err(expressionFailure(`sql.params[${index}]`, id, value.error));
    params.push(value.value);
  }
  return ok({ connection: asText(connection.value), params });
}

async function ask(
  step: PlannedStep,
  connection: string,
  request: SqlRequest,
  { label, signal, runId, folder }: AttemptContext,
  { grant, ...options }: SqlStepOptions & Pick<PrepareContext, "grant">,
): Promise<Result<SqlRows, Failure>> {
  const path = /^sqlite:(.*)$/is.exec(connection)?.[1];
  const dialect: SqlDialect = path === undefined ? "postgres" : "sqlite";
  const problem = statementProblem(readStatement(request.query), dialect, request.params.length);
  if (problem !== null) return err(failure("invalid", "bad_statement", `the query of '${label}': ${problem}`));
  if (path === undefined) {
    const guard = (host: string, isPrivate: boolean) => refusalOf(grant, { kind: "host", host, isPrivate });
    const { askPostgres } = await import("../sql/postgres.ts");
    return askPostgres(connection, request, { ...options, guard, label, signal, timeoutMs: step.timeoutMs });
  }
  const refusal = refusalOf(grant, { kind: "files", mode: request.isWrite ? "write" : "read" });
  if (refusal !== null) {
    return err(failure("refused", "permission_denied", `'${label}' may not open ${path}: ${refusal}`));
  }
  const env = { ...options.environment, MUSTER_RUN_ID: runId, MUSTER_STEP: label };
  const { askSqlite } = await import("../sql/sqlite.ts");
  return askSqlite(path, request, { ...options, workspace: folder ?? options.workspace, env, label, signal });
}

/** What a database holds and says may have a secret in it. */
function resultOf(
  step: PlannedStep,
  rows: Result<SqlRows, Failure>,
  { label, redactor }: AttemptContext,
  check: SchemaCheck,
) {
  if (!rows.ok) {
    return plainResult({ ok: false, failure: { ...rows.error, message: redactor.text(rows.error.message) } });
  }
  const output = redactor.value(rows.value);
  const problems = step.output === null ? [] : check(step.output, output);
  if (problems.length === 0) return plainResult({ ok: true, output });
  const message = `the rows of '${label}' do not fit its output schema: ${problems.join("; ")}`;
  return plainResult({ ok: false, failure: failure("output", "schema_mismatch", message) });
}
