import { userInfo } from "node:os";
import type { Environment } from "../compose/environment.ts";
import { verifiedIdentity } from "../compose/identity.ts";
import { parseValue } from "../plan/input.ts";
import { ANSWER, answerJson, answerOf, type Answer } from "../run/answer.ts";
import { identityOf, isHeldUp, isNamed, nameOf, whyNotAnswer, type Demand, type Issuer } from "../run/identity.ts";
import type { WaitsFor } from "../run/waits-for.ts";
import type { InboxMessage, RunSummary, Store } from "../store/store.ts";
import { systemClock } from "../util/clock.ts";
import { isJsonObject, type Json, type JsonSchema } from "../util/json.ts";
import { createSchemaCheck } from "../util/schema-check.ts";
import { UsageError } from "./exit-code.ts";
import { placeOf } from "./open-wait.ts";

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

/** Whether a question may be answered by certain people alone, and somebody can say who they are. */
export function isDemanding(what: WaitsFor): boolean {
  return isHeldUp(demandOf(what), issuersOf(what));
}

/**
 * Who answers, as the record will call them: whoever an issuer vouches for, else the label. UsageError when they may not,
 * when a token proves nothing, or when the label is somebody else's.
 */
export async function answererOf(
  what: WaitsFor,
  { runId, frozen }: Pick<RunSummary, "runId" | "frozen">,
  label: string | undefined,
  env: Environment,
): Promise<Pick<Answer, "by" | "identity">> {
  const issuers = issuersOf(what);
  const identity = await verifiedIdentity(env, issuers, systemClock.now());
  if (!identity.ok) throw new UsageError(identity.error);
  const initiator = isJsonObject(frozen) ? identityOf(frozen["initiator"]) : null;
  const why = whyNotAnswer(demandOf(what), issuers, identity.value, initiator);
  if (why !== null) throw new UsageError(`'${placeOf(what)}' of run ${runId} ${why}`);
  if (identity.value === null) return { by: label ?? userInfo().username };
  if (label !== undefined && !isNamed(identity.value, label))
    throw new UsageError(`--as ${label}: the token says that you are ${identity.value.names.join(", ")}`);
  return { by: nameOf(identity.value), identity: identity.value };
}

function demandOf({ details }: WaitsFor): Demand {
  const { approvers, not_initiator: notInitiator } = details;
  return {
    approvers: Array.isArray(approvers) ? (approvers as readonly string[]) : [],
    notInitiator: notInitiator === true,
  };
}

/** Who vouches for people by the run that asks: what this folder trusts does not count. */
function issuersOf({ details }: WaitsFor): readonly Issuer[] {
  return (details["issuers"] ?? []) as unknown as readonly Issuer[];
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
