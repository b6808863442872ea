import { identityJson, identityOf, type Identity } from "./identity.ts";
import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";

/** What a person said to an approval, as it lies in the inbox of the run under the kind `answer`. */
export interface Answer {
  /** The question that it answers: `WaitsFor.request`. */
  readonly request: string;
  /** Where it was asked, for people: `group[1]/ok`. */
  readonly path: string;
  readonly verdict: "approved" | "rejected";
  /** Who says so: a label, unless somebody vouched for them. */
  readonly by: string;
  /** Whom an issuer vouched for; left out = nobody did. */
  readonly identity?: Identity;
  readonly comment: string | null;
  /** Fits the schema that was asked for; null where nothing is. */
  readonly input: Json;
  /** When it was given; milliseconds since 1970. */
  readonly at: number;
}

export const ANSWER = "answer";

/** The answer as a message holds it. */
export function answerJson(answer: Answer): JsonObject {
  const { identity, ...rest } = answer;
  return identity === undefined ? rest : { ...rest, identity: identityJson(identity) };
}

/** The answer in a message; null when it is none. */
export function answerOf(body: Json): Answer | null {
  if (!isJsonObject(body)) return null;
  const { request, path, verdict, by, comment = null, input = null, at } = body;
  if (typeof request !== "string" || typeof path !== "string" || typeof by !== "string" || typeof at !== "number")
    return null;
  if ((verdict !== "approved" && verdict !== "rejected") || (comment !== null && typeof comment !== "string"))
    return null;
  const identity = identityOf(body["identity"]);
  return { request, path, verdict, by, comment, input, at, ...(identity === null ? {} : { identity }) };
}
