import type { SourceFile } from "../diagnostic/source.ts";
import { FormReader, type Place } from "../manifest/form-reader.ts";
import { readDocument } from "../manifest/read.ts";
import { plainUrl } from "../util/plain-url.ts";
import type { Issuer } from "../run/identity.ts";
import { isJsonObject } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";

/** What tokens are made for where the policy does not say. */
const AUDIENCE = "muster";

/** Accounts that the tokens of well-known issuers tell. They vouch for everybody's repositories alike. */
const wellKnown: { readonly [issuer: string]: Issuer["accounts"] } = {
  // https://docs.github.com/en/actions/reference/security/oidc
  "https://token.actions.githubusercontent.com": { github: "actor" },
  // https://docs.gitlab.com/ci/secrets/id_token_authentication/
  "https://gitlab.com": { gitlab: "user_login" },
};

/** Who vouches for people by the policy file of a project. The error is a sentence about its first mistake there. */
export function readIssuers(source: SourceFile): Result<readonly Issuer[], string> {
  const document = readDocument(source);
  const reader = document.ok ? new FormReader(document.value) : null;
  const root = reader?.root.value;
  const value = isJsonObject(root) ? root["issuers"] : undefined;
  const issuers = reader === null ? [] : issuersAt(reader, { value, pointer: ["issuers"] });
  const [problem] = document.ok ? (reader?.diagnostics ?? []) : document.error;
  if (problem === undefined) return ok(issuers);
  return err(`${problem.file}:${problem.span.line}:${problem.span.column}: ${problem.message}`);
}

/** The entries of `issuers`, as far as they are right. */
export function issuersAt(reader: FormReader, place: Place): readonly Issuer[] {
  const list = reader.optional(place, (given) => reader.list(given, "issuers")) ?? [];
  return list.flatMap((entry) => issuerAt(reader, entry) ?? []);
}

function issuerAt(reader: FormReader, place: Place): Issuer | null {
  const entry = reader.map(place, "an issuer", ["issuer", "audience", "claims", "accounts", "jwks"]);
  if (entry === null) return null;
  const issuer = urlAt(reader, entry("issuer"), "issuer");
  const audience = reader.optional(entry("audience"), (value) => reader.text(value, "audience")) ?? AUDIENCE;
  const jwks = reader.optional(entry("jwks"), (value) => urlAt(reader, value, "jwks"));
  const claims = reader
    .entries(entry("claims"), "claims")
    .map(([name, value]) => [name, valuesAt(reader, value)] as const);
  const told = reader.entries(entry("accounts"), "accounts").flatMap(([kind, value]) => {
    const claim = reader.text(value, `the claim of ${kind}`);
    if (/^[a-z][a-z0-9_-]*$/.test(kind) && kind !== "oidc") return claim === null ? [] : [[kind, claim] as const];
    reader.problem(value, "WF2004", `'${kind}' is no kind of account: take a word such as github`, null, "key");
    return [];
  });
  if (issuer === null) return null;
  const accounts = entry("accounts").value === undefined ? (wellKnown[issuer] ?? {}) : Object.fromEntries(told);
  if (claims.length === 0 && (Object.keys(accounts).length > 0 || Object.hasOwn(wellKnown, issuer)))
    reader.problem(
      place,
      "WF2002",
      `claims are missing: ${issuer} vouches for people of other projects too`,
      "name yours, such as `claims: { repository: OWNER/NAME }` (GitHub) or `{ project_path: GROUP/NAME }` (GitLab)",
    );
  return { issuer, audience, jwks, claims: Object.fromEntries(claims), accounts };
}

function urlAt(reader: FormReader, place: Place, what: string): string | null {
  const text = reader.text(place, what);
  if (text === null) return null;
  const url = plainUrl(text);
  return url.ok ? text : reader.problem(place, "WF2006", `${what}: ${url.error}`);
}

function valuesAt(reader: FormReader, place: Place): readonly string[] {
  const isList = Array.isArray(place.value);
  const values = isList ? reader.list(place, "a claim") : [place];
  if (isList && values.length === 0) reader.problem(place, "WF2005", "a claim without values is never right");
  return values.flatMap((value) => reader.text(value, "the value of a claim") ?? []);
}
