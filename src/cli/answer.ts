import { parseValue } from "../plan/input.ts";
import { ANSWER, answerJson, answerOf, type Answer } from "../run/answer.ts";
import type { WaitsFor } from "../run/waits-for.ts";
import type { InboxMessage, Store } from "../store/store.ts";
import type { Json, JsonSchema } from "../util/json.ts";
import { createSchemaCheck } from "../util/schema-check.ts";
import { UsageError } from "./exit-code.ts";

/** Leaves the answer, unless another one to the same question waits already: then UsageError. */
export function postAnswer(store: Store, runId: string, given: Answer): void {
  let first: Answer | null = null;
  const isFirst = (waiting: readonly InboxMessage[]): boolean => {
    const others = waiting.flatMap(({ kind, body }) => (kind === ANSWER ? (answerOf(body) ?? []) : []));
    first = others.find(({ request }) => request === given.request) ?? null;
    return first === null;
  };
  if (store.post(runId, { at: given.at, kind: ANSWER, body: answerJson(given) }, isFirst)) return;
  const { verdict, by } = first ?? given;
  throw new UsageError(`'${given.path}' of run ${runId} was ${verdict} by ${by} already: the first answer counts`);
}

/** The value that a person fills in, checked. UsageError when there is none, or it does not fit. */
export function inputOf({ details }: WaitsFor, text: string | undefined, path: string): Json {
  const schema = (details["input"] ?? null) as JsonSchema | null;
  if (schema === null) {
    if (text === undefined) return null;
    throw new UsageError(`'${path}' asks for no input: leave --input out, or say it with --comment`);
  }
  const value = text === undefined ? null : parseValue(schema, text);
  const problems = createSchemaCheck()(schema, value);
  if (problems.length === 0) return value;
  const why = text === undefined ? "is missing (--input)" : `does not fit: ${problems.join("; ")}`;
  throw new UsageError(`the input of '${path}' ${why}; it takes ${JSON.stringify(schema)}`);
}
