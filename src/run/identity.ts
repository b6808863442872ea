import { isJsonObject, type Json, type JsonObject } from "../util/json.ts";

/** An issuer of identity tokens that a project trusts, as `muster-policy.yaml` names it. */
export interface Issuer {
  /** Its URL, as tokens spell it in `iss`. */
  readonly issuer: string;
  /** What tokens must be made for (`aud`). */
  readonly audience: string;
  /** Where its public keys are; null = where its own configuration says. */
  readonly jwks: string | null;
  /** Claims that a token must have, each with one of these values. */
  readonly claims: { readonly [claim: string]: readonly string[] };
  /** Which claim names the account of a kind: `{ github: actor }` makes `github:octocat`. Empty = only subjects. */
  readonly accounts: { readonly [kind: string]: string };
}

/** Somebody whom an issuer vouched for. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** As `approvers` name it: the accounts that the issuer tells, then `oidc:SUBJECT`. */
  readonly names: readonly string[];
  /** The one of the names that is one person's; null where the token tells none (many jobs may share a subject). */
  readonly person: string | null;
}

/** Who may answer a question, as far as that is asked for. */
export interface Demand {
  readonly approvers: readonly string[];
  readonly notInitiator: boolean;
}

/** Subjects are named by this kind, whoever vouches for them. */
const SUBJECT = "oidc";

/** The kind of an identity as `approvers` write it: `github` of `github:octocat`. */
export function kindOf(name: string): string {
  return name.slice(0, name.indexOf(":"));
}

/** Whether one of the issuers can vouch for identities of a kind. */
export function isVouched(kind: string, issuers: readonly Issuer[]): boolean {
  return kind === SUBJECT ? issuers.length > 0 : issuers.some(({ accounts }) => Object.hasOwn(accounts, kind));
}

/** Whether the demand is held up: somebody can vouch for at least one approver. If not, it is advice. */
export function isHeldUp({ approvers, notInitiator }: Demand, issuers: readonly Issuer[]): boolean {
  if (approvers.length === 0) return notInitiator && issuers.length > 0;
  return approvers.some((name) => isVouched(kindOf(name), issuers));
}

/**
 * Why somebody may not answer, a sentence behind the name of the question; null when they may. `initiator` is whoever
 * started the run, null when nobody vouched for them.
 */
export function whyNotAnswer(
  demand: Demand,
  issuers: readonly Issuer[],
  identity: Identity | null,
  initiator: Identity | null,
): string | null {
  if (!isHeldUp(demand, issuers)) return null;
  const { approvers, notInitiator } = demand;
  const who = approvers.length === 0 ? "anybody but who started the run" : approvers.join(", ");
  if (identity === null)
    return `may be answered by ${who}, and no token says who you are: answer in a job of ${issuers.map(({ issuer }) => issuer).join(" or ")}, or give its token as MUSTER_ID_TOKEN`;
  if (approvers.length > 0 && !approvers.some((name) => isNamed(identity, name)))
    return `may be answered by ${who}, and you are ${identity.names.join(", ")}`;
  if (!notInitiator) return null;
  if (initiator === null)
    return "may not be answered by who started the run, and nobody vouched for them: start it where a token says who does";
  if (initiator.issuer !== identity.issuer)
    return `may not be answered by who started the run, and two issuers cannot tell that ${nameOf(identity)} is not ${nameOf(initiator)}: answer with a token of ${initiator.issuer}`;
  if (initiator.person === null || identity.person === null)
    return "may not be answered by who started the run, and a token does not tell a person: see docs/approvals.md";
  return isSame(initiator.person, identity.person)
    ? `may not be answered by who started the run, and that was ${identity.person}`
    : null;
}

/** How somebody is called on the record. */
export function nameOf({ person, names, subject }: Identity): string {
  return person ?? names[0] ?? `${SUBJECT}:${subject}`;
}

/** Whether an identity goes by this name. */
export function isNamed(identity: Identity, name: string): boolean {
  return identity.names.some((own) => isSame(own, name));
}

/** Forges do not tell accounts apart by case; of other kinds nobody knows. */
const caseless = new Set(["github", "gitlab"]);

function isSame(a: string, b: string): boolean {
  return a === b || (caseless.has(kindOf(a)) && a.toLowerCase() === b.toLowerCase());
}

/** An identity as the record holds it. */
export function identityJson(identity: Identity): JsonObject {
  return { ...identity };
}

/** An identity on the record; null when it is none. */
export function identityOf(value: Json | undefined): Identity | null {
  if (!isJsonObject(value)) return null;
  const { issuer, subject, names, person = null } = value;
  if (typeof issuer !== "string" || typeof subject !== "string" || !isTexts(names)) return null;
  return person === null || typeof person === "string" ? { issuer, subject, names, person } : null;
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
