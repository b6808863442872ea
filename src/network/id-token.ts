import type { Identity, Issuer } from "../run/identity.ts";
import { isJsonObject, type Json } from "../util/json.ts";
import { plainUrl } from "../util/plain-url.ts";
import { err, ok, type Result } from "../util/result.ts";
import { fetchJson } from "./trusted-json.ts";

/** Signatures that only the issuer can make: nothing with a shared secret, and nothing without a signature. */
const algorithms = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** How far the clocks of the issuer and of this machine may be apart. */
const TOLERANCE_S = 30;

const FETCH_MS = 10_000;

/**
 * Who a token says somebody is: signed by a trusted issuer, made for its audience, in its time, with the claims that the
 * project asks for. The error is a sentence without the token in it. `now`: milliseconds since 1970. Never rejects.
 */
export async function verifyIdToken(
  token: string,
  issuers: readonly Issuer[],
  now: number,
): Promise<Result<Identity, string>> {
  const jose = await import("jose");
  let from: unknown;
  try {
    from = jose.decodeJwt(token).iss;
  } catch {
    return err("it is no token (a JSON Web Token has three parts)");
  }
  const issuer = issuers.find((trusted) => trusted.issuer === from);
  if (issuer === undefined)
    return err(`it comes from ${shown(from)}, and the project trusts ${issuers.map((one) => one.issuer).join(", ")}`);
  const place = await keysOf(issuer);
  if (!place.ok) return place;
  try {
    const keys = jose.createRemoteJWKSet(new URL(place.value), { timeoutDuration: FETCH_MS });
    const { payload } = await jose.jwtVerify(token, keys, {
      algorithms,
      issuer: issuer.issuer,
      audience: issuer.audience,
      clockTolerance: TOLERANCE_S,
      requiredClaims: ["exp", "sub"],
      currentDate: new Date(now),
    });
    return identityFrom(payload as { readonly [claim: string]: Json | undefined }, issuer);
  } catch (error) {
    return err(why(error, issuer, place.value));
  }
}

/** Where the keys of an issuer are: as the project says, else as the issuer does. */
async function keysOf({ issuer, jwks }: Issuer): Promise<Result<string, string>> {
  if (jwks !== null) return ok(jwks);
  const place = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const configuration = await fetchJson(place, { timeoutMs: FETCH_MS });
  if (!configuration.ok) return err(`${issuer} cannot be asked for its keys: ${configuration.error}`);
  const uri = isJsonObject(configuration.value) ? configuration.value["jwks_uri"] : undefined;
  const said = isJsonObject(configuration.value) ? configuration.value["issuer"] : undefined;
  if (said !== issuer) return err(`${place} speaks for ${shown(said)}`);
  const url = typeof uri === "string" ? plainUrl(uri) : err("it names none");
  return url.ok ? ok(url.value.href) : err(`${place} does not say where the keys are: ${url.error}`);
}

function identityFrom(
  payload: { readonly [claim: string]: Json | undefined },
  { issuer, claims, accounts }: Issuer,
): Result<Identity, string> {
  for (const [claim, allowed] of Object.entries(claims)) {
    const value = claimText(payload[claim]);
    if (value === null || !allowed.includes(value))
      return err(`its claim ${claim} is ${shown(payload[claim])}, and the project asks for ${allowed.join(" or ")}`);
  }
  const subject = claimText(payload["sub"]);
  if (subject === null || /\s/.test(subject)) return err("its subject is not one word");
  const named = Object.entries(accounts).flatMap(([kind, claim]) => {
    const account = claimText(payload[claim]);
    return account === null || /\s/.test(account) ? [] : [`${kind}:${account}`];
  });
  // A job that was run again still names who had started it first, and not who runs it again.
  const isRerun = Number(claimText(payload["run_attempt"]) ?? "1") > 1;
  const known = isRerun ? [] : named;
  const person = Object.keys(accounts).length === 0 ? `oidc:${subject}` : (known[0] ?? null);
  return ok({ issuer, subject, names: [...known, `oidc:${subject}`], person });
}

function claimText(value: Json | undefined): string | null {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

/** What a token says, for a message: short, and never the token. */
function shown(value: unknown): string {
  if (value === undefined) return "not there";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}

function why(error: unknown, { audience }: Issuer, place: string): string {
  const {
    code = "",
    claim = "",
    message,
    payload,
  } = error as {
    readonly code?: string;
    readonly claim?: string;
    readonly message: string;
    readonly payload?: { readonly [claim: string]: unknown };
  };
  switch (code) {
    case "ERR_JWT_EXPIRED":
      return "it has expired: ask for a new one";
    case "ERR_JWT_CLAIM_VALIDATION_FAILED":
      if (claim === "aud") return `it is made for ${shown(payload?.["aud"])}, and not for ${audience}`;
      return claim === "nbf" ? "it does not count yet" : `its claim ${claim} is missing or wrong`;
    case "ERR_JOSE_ALG_NOT_ALLOWED":
      return "it is signed in a way that proves nothing: issuers sign with a key of their own (RS256, ES256, ...)";
    case "ERR_JWKS_NO_MATCHING_KEY":
    case "ERR_JWKS_MULTIPLE_MATCHING_KEYS":
      return "it is not signed with a key of its issuer";
    case "ERR_JWS_SIGNATURE_VERIFICATION_FAILED":
      return "its signature is not its issuer's";
    case "ERR_JWS_INVALID":
    case "ERR_JWT_INVALID":
      return "it is no signed token";
    case "ERR_JWKS_TIMEOUT":
      return `${place} does not answer with the keys`;
    default:
      return `it cannot be verified with the keys of ${place}: ${message}`;
  }
}
