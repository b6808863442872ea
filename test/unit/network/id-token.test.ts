import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyIdToken } from "../../../src/network/id-token.ts";
import type { Issuer as Trusted } from "../../../src/run/identity.ts";
import { Issuer } from "../../rig/issuer.ts";

let issuer: Issuer;
let stranger: Issuer;
beforeAll(async () => void ([issuer, stranger] = await Promise.all([Issuer.start(), Issuer.start()])));
afterAll(() => Promise.all([issuer.close(), stranger.close()]));

const trusted = (more: Partial<Trusted> = {}): Trusted => ({
  issuer: issuer.url,
  audience: "muster",
  jwks: null,
  claims: { repository: ["acme/site", "acme/docs"] },
  accounts: { github: "actor" },
  ...more,
});
const verify = (token: string, more: Partial<Trusted> = {}, now = Date.now()) =>
  verifyIdToken(token, [trusted(more)], now);
const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const soon = Math.floor(Date.now() / 1000) + 300;
const unsigned = (header: object) =>
  `${base64(header)}.${base64({ iss: issuer.url, aud: "muster", sub: "s", repository: "acme/site", actor: "boss", exp: soon })}`;

describe("an identity token", () => {
  it("tells the account and the subject", async () => {
    expect(await verify(await issuer.token())).toEqual({
      ok: true,
      value: {
        issuer: issuer.url,
        subject: "repo:acme/site:ref:refs/heads/main",
        names: ["github:octocat", "oidc:repo:acme/site:ref:refs/heads/main"],
        person: "github:octocat",
      },
    });
    const plain = await verify(await issuer.token({ claims: { sub: "ann" } }), { claims: {}, accounts: {} });
    expect(plain).toMatchObject({ value: { names: ["oidc:ann"], person: "oidc:ann" } });
    const named = await verify(await issuer.token({ claims: { aud: ["x", "muster"] } }), {
      jwks: `${issuer.url}/keys`,
    });
    expect(named.ok).toBe(true);
  });

  it("of a job that was run again tells no person: nobody knows who runs it again", async () => {
    expect(await verify(await issuer.token({ claims: { run_attempt: "2" } }))).toMatchObject({
      value: { names: ["oidc:repo:acme/site:ref:refs/heads/main"], person: null },
    });
  });

  const now = Math.floor(Date.now() / 1000);
  const refused: readonly [name: string, token: () => Promise<string> | string, why: string][] = [
    ["has expired", () => issuer.token({ claims: { exp: now - 60 } }), "it has expired: ask for a new one"],
    ["has no end", () => issuer.token({ claims: { exp: undefined } }), "its claim exp is missing or wrong"],
    ["does not count yet", () => issuer.token({ claims: { nbf: now + 600 } }), "it does not count yet"],
    ["has no subject", () => issuer.token({ claims: { sub: undefined } }), "its claim sub is missing or wrong"],
    [
      "is for others",
      () => issuer.token({ claims: { aud: "sigstore" } }),
      "it is made for sigstore, and not for muster",
    ],
    [
      "is for nobody",
      () => issuer.token({ claims: { aud: undefined } }),
      "it is made for not there, and not for muster",
    ],
    ["is forged", () => issuer.token({ isForged: true }), "its signature is not its issuer's"],
    ["names an unknown key", () => issuer.token({ kid: "k2" }), "it is not signed with a key of its issuer"],
    [
      "is of another repository",
      () => issuer.token({ claims: { repository: "evil/site" } }),
      "its claim repository is evil/site, and the project asks for acme/site or acme/docs",
    ],
    ["is no token", () => "octocat", "it is no token (a JSON Web Token has three parts)"],
    ["is not signed", () => `${unsigned({ alg: "none" })}.`, "it is signed in a way that proves nothing"],
    [
      "is signed with the public key as a shared secret",
      async () => {
        const text = unsigned({ alg: "HS256", kid: "k1" });
        const signature = createHmac("sha256", await issuer.publicText())
          .update(text)
          .digest("base64url");
        return `${text}.${signature}`;
      },
      "it is signed in a way that proves nothing",
    ],
    [
      "brings its own key",
      async () => {
        const [, payload, signature] = (await issuer.token({ isForged: true })).split(".");
        const jwk = JSON.parse(await stranger.publicText()) as object;
        return `${base64({ alg: "RS256", kid: "k1", jwk, jku: `${stranger.url}/keys` })}.${payload}.${signature}`;
      },
      "its signature is not its issuer's",
    ],
  ];
  it.each(refused)("that %s is refused", async (_, token, why) => {
    const given = await token();
    const verdict = await verify(given);
    expect(verdict.ok ? "" : verdict.error).toContain(why);
    expect(JSON.stringify(verdict)).not.toContain(given);
  });

  it("of an issuer that nobody trusts is refused, and that one is not asked for keys", async () => {
    const verdict = await verify(await stranger.token());
    expect(verdict).toEqual({
      ok: false,
      error: `it comes from ${stranger.url}, and the project trusts ${issuer.url}`,
    });
    expect(stranger.server.exchanges).toEqual([]);
  });

  it("says who does not answer with keys", async () => {
    const token = await issuer.token({ claims: { iss: `${issuer.url}/realm` } });
    expect(await verify(token, { issuer: `${issuer.url}/realm` })).toEqual({
      ok: false,
      error: `${issuer.url}/realm cannot be asked for its keys: ${issuer.url}/realm/.well-known/openid-configuration answered 404`,
    });
    const slash = await issuer.token({ claims: { iss: `${issuer.url}/` } });
    expect(await verify(slash, { issuer: `${issuer.url}/` })).toEqual({
      ok: false,
      error: `${issuer.url}/.well-known/openid-configuration speaks for ${issuer.url}`,
    });
  });
});
