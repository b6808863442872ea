import { fetchJson } from "../network/trusted-json.ts";
import type { Identity, Issuer } from "../run/identity.ts";
import { isJsonObject } from "../util/json.ts";
import { err, ok, type Result } from "../util/result.ts";
import type { Environment } from "./environment.ts";

/** A token of whoever starts the process, ready to be shown. */
const TOKEN = "MUSTER_ID_TOKEN";

/** Where a job of GitHub Actions with `id-token: write` asks for a token, and what lets it. */
const GITHUB_URL = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/** What says who somebody is: for the command alone, never for what a run starts. */
export const identityVariables: readonly string[] = [TOKEN, GITHUB_URL, GITHUB_TOKEN];

const FETCH_MS = 10_000;

/**
 * Who started this process, as one of the issuers vouches for it; null where there is no token, or nobody is trusted.
 * The error is a sentence: a token that is there and proves nothing is never passed over. `now`: milliseconds since 1970.
 */
export async function verifiedIdentity(
  env: Environment,
  trust: readonly Issuer[],
  now: number,
): Promise<Result<Identity | null, string>> {
  if (trust.length === 0) return ok(null);
  const token = await tokenOf(env, trust);
  if (!token.ok || token.value === null) return token.ok ? ok(null) : token;
  const { verifyIdToken } = await import("../network/id-token.ts");
  const identity = await verifyIdToken(token.value.text, trust, now);
  return identity.ok ? identity : err(`the identity token of ${token.value.from} is refused: ${identity.error}`);
}

async function tokenOf(
  env: Environment,
  trust: readonly Issuer[],
): Promise<Result<{ readonly text: string; readonly from: string } | null, string>> {
  const text = (env[TOKEN] ?? "").trim();
  if (text !== "") return ok({ text, from: TOKEN });
  const [url = "", right = ""] = [env[GITHUB_URL], env[GITHUB_TOKEN]];
  // A job may have this right for something else: it is used only where GitHub is trusted.
  const github = trust.find(({ accounts }) => Object.hasOwn(accounts, "github"));
  if (url === "" || right === "" || github === undefined) return ok(null);
  const { audience } = github;
  const place = `${url}${url.includes("?") ? "&" : "?"}audience=${encodeURIComponent(audience)}`;
  const given = await fetchJson(place, { timeoutMs: FETCH_MS, headers: { authorization: `bearer ${right}` } });
  if (!given.ok) return err(`GitHub Actions gives no identity token: ${given.error}`);
  const value = isJsonObject(given.value) ? given.value["value"] : undefined;
  if (typeof value === "string") return ok({ text: value, from: "GitHub Actions" });
  return err("GitHub Actions gives no identity token: its answer has none");
}
