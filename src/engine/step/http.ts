import type { Resolve } from "../../network/resolve.ts";
import type { WebRequest } from "../../network/web-request.ts";
import type { Template } from "../../expression/template.ts";
import { isHeaderValue } from "../../plan/header-value.ts";
import { refusalOf } from "../../plan/permissions.ts";
import type { HttpBody, PlannedStep } from "../../plan/types.ts";
import { failure, type Failure } from "../../run/failure.ts";
import { createRedactor, type Redactor } from "../../run/redact.ts";
import { asText, type Json, type JsonObject } from "../../util/json.ts";
import { err, ok, type Result } from "../../util/result.ts";
import type { SchemaCheck } from "../../util/schema-check.ts";
import { version } from "../../util/version.ts";
import { expressionFailure } from "./expression-failure.ts";
import {
  plainResult,
  type AttemptContext,
  type AttemptResult,
  type PrepareContext,
  type StepHandler,
} from "./handler.ts";

/** The longest answer that is read. */
const LONGEST_BODY = 10 * 1024 * 1024;

export interface HttpStepOptions {
  readonly resolve: Resolve;
  readonly check: SchemaCheck;
}

/** What the templates of a request gave; secrets are inside. */
interface Resolved {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly query: readonly (readonly [string, string])[];
  readonly body: Json | undefined;
}

/** `http` steps: one request, redirects and private addresses checked (network/web-request.ts). */
export function createHttpStep(options: HttpStepOptions): StepHandler {
  return {
    prepare(step, context) {
      const { body } = step;
      if (body.kind !== "http") return err(failure("internal", "bug", "not an http step"));
      const resolved = resolveTemplates(step.id, body, context);
      if (!resolved.ok) return resolved;
      const { grant } = context;
      return ok({
        kind: "later",
        model: null,
        isWaiting: false,
        asked: () => askedOf(body.method, resolved.value),
        run: async (attempt) => {
          const guard = (host: string, isPrivate: boolean) => refusalOf(grant, { kind: "host", host, isPrivate });
          const result = await send(step, body, resolved.value, { guard, ...options }, attempt);
          return redacted(result, [attempt.redactor, ...addressRedactor(body, resolved.value.url)]);
        },
      });
    },
  };
}

function resolveTemplates(id: string, body: HttpBody, context: PrepareContext): Result<Resolved, Failure> {
  const { evaluator, values, resources } = context;
  const problems: Failure[] = [];
  const value = (key: string, template: Template, escape?: (text: string) => string): Json => {
    const made = evaluator.evaluate(
      template,
      values,
      undefined,
      escape === undefined ? resources : { ...resources, escape },
    );
    if (made.ok) return made.value;
    problems.push(expressionFailure(`http.${key}`, id, made.error));
    return null;
  };
  const url = asText(value("url", body.url, (text) => encodeURIComponent(text.toWellFormed())));
  const headers: Record<string, string> = {};
  for (const [name, template] of Object.entries(body.headers)) {
    const text = asText(value(`headers.${name}`, template));
    if (!isHeaderValue(text)) {
      const message = `the header '${name}' of '${id}' has a line end or another sign in it that no header may have`;
      problems.push(failure("invalid", "header", message));
    }
    headers[name.toLowerCase()] = text;
  }
  const query = Object.entries(body.query).flatMap(([name, template]) => {
    const given = value(`query.${name}`, template);
    const entries: readonly Json[] = Array.isArray(given) ? given : [given];
    return entries.filter((entry) => entry !== null).map((entry) => [name, asText(entry)] as const);
  });
  const content = body.body === null ? undefined : value("body", body.body);
  if (body.url.kind === "text" && hasDotSegment(url)) {
    problems.push(
      failure(
        "invalid",
        "url_part",
        `a value in 'http.url' of '${id}' is '.' or '..', which would lead to another path`,
      ),
    );
  }
  return problems[0] === undefined ? ok({ url, headers, query, body: content }) : err(problems[0]);
}

/** For who looks at a request that failed; secrets are taken out by whoever keeps it. */
function askedOf(method: string, { url, headers, query, body }: Resolved): JsonObject {
  return {
    method,
    url,
    ...(query.length === 0 ? {} : { query: query.map(([name, value]) => ({ name, value })) }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  };
}

/** A whole part of the path that means another folder, however it is written. */
function hasDotSegment(url: string): boolean {
  const path = url.replace(/[?#].*$/s, "");
  return path.split("/").some((part) => /^(?:\.|%2e){1,2}$/i.test(part));
}

async function send(
  step: PlannedStep,
  body: HttpBody,
  resolved: Resolved,
  options: HttpStepOptions & { readonly guard: (host: string, isPrivate: boolean) => string | null },
  attempt: AttemptContext,
): Promise<AttemptResult> {
  const { label, signal, clock } = attempt;
  const request = requestOf(step, body, resolved, attempt);
  if (!request.ok) return plainResult({ ok: false, failure: request.error });
  const { host } = request.value.url;
  const { guard, resolve, check } = options;
  const wanted = body.expect ?? [];
  // Loaded by the first request: most runs make none.
  const [{ webRequest }, { answerValue, statusFailure }] = await Promise.all([
    import("../../network/web-request.ts"),
    import("./http-answer.ts"),
  ]);
  const answer = await webRequest(request.value, { guard, resolve, signal, longestBody: LONGEST_BODY, wanted });
  if (!answer.ok) return plainResult({ ok: false, failure: answer.error });
  const { status } = answer.value;
  const extra = { status_code: status };
  const isExpected = body.expect === null ? status >= 200 && status <= 299 : body.expect.includes(status);
  if (!isExpected) {
    return plainResult({ ok: false, failure: statusFailure(label, host, answer.value, clock.now()) }, extra);
  }
  const value = answerValue(answer.value, { label, host, longestBody: LONGEST_BODY, wantsValue: step.output !== null });
  if (!value.ok) return plainResult({ ok: false, failure: value.error }, extra);
  const problems = step.output === null ? [] : check(step.output, value.value);
  if (problems.length === 0) return plainResult({ ok: true, output: value.value }, extra);
  const message = `the answer to '${label}' does not fit its output schema: ${problems.join("; ")}`;
  return plainResult({ ok: false, failure: failure("output", "schema_mismatch", message) }, extra);
}

function requestOf(
  step: PlannedStep,
  body: HttpBody,
  { url: written, headers, query, body: content }: Resolved,
  { idempotencyKey, label, trace }: AttemptContext,
): Result<WebRequest, Failure> {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "") {
    return err(
      failure("invalid", "bad_url", `the address of '${label}' is not one of the web`, {
        help: "it must be like https://api.example.com/items, without user and password",
      }),
    );
  }
  for (const [name, value] of query) url.searchParams.append(name, value);
  const isWritten = content === undefined || typeof content === "string";
  const type =
    content === undefined ? {} : { "content-type": isWritten ? "text/plain; charset=utf-8" : "application/json" };
  const key =
    step.effect === "none" || body.method === "GET" || body.method === "HEAD"
      ? {}
      : { "idempotency-key": idempotencyKey };
  return ok({
    method: body.method,
    url,
    headers: {
      accept: "application/json, */*;q=0.5",
      "accept-encoding": "identity",
      "user-agent": `muster/${version}`,
      ...type,
      ...key,
      ...(trace === undefined ? {} : { traceparent: trace }),
      ...headers,
    },
    body: content === undefined ? null : isWritten ? content : JSON.stringify(content),
  });
}

/** Servers name the path that they were asked for; where a secret is the address, that is most of the secret. */
function addressRedactor({ url: template }: HttpBody, written: string): readonly Redactor[] {
  const name = template.kind === "cel" ? template.source.replace(/^secrets\./, "") : null;
  if (name === null || !URL.canParse(written)) return [];
  const { pathname, search } = new URL(written);
  return [pathname + search, pathname].flatMap((part) => {
    const redactor = createRedactor(new Map([[name, part]]));
    return redactor.ok ? [redactor.value] : [];
  });
}

/** A server may send back what it was sent. */
function redacted(result: AttemptResult, redactors: readonly Redactor[]): AttemptResult {
  const text = (value: string): string => redactors.reduce((sum, each) => each.text(sum), value);
  if (result.ok) return { ...result, output: redactors.reduce((sum, each) => each.value(sum), result.output) };
  const { message, partial } = result.failure;
  return {
    ...result,
    failure: { ...result.failure, message: text(message), partial: partial === null ? null : text(partial) },
  };
}
