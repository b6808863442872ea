import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifiedIdentity } from "../../../src/compose/identity.ts";
import type { Issuer as Trusted } from "../../../src/run/identity.ts";
import { Issuer } from "../../rig/issuer.ts";

let issuer: Issuer;
beforeAll(async () => void (issuer = await Issuer.start()));
afterAll(() => issuer.close());

const forge = (): Trusted => ({
  issuer: issuer.url,
  audience: "acme",
  jwks: null,
  claims: { repository: ["acme/site"] },
  accounts: { github: "actor" },
});
const asked = (): readonly string[] => issuer.server.exchanges.map(({ url }) => url);

describe("who started this process", () => {
  it("is nobody without a token, where nobody is trusted, and in a job of a forge that is not", async () => {
    const company: Trusted = { ...forge(), accounts: {} };
    const before = asked().length;
    expect(await verifiedIdentity({}, [forge()], Date.now())).toEqual({ ok: true, value: null });
    expect(await verifiedIdentity({ MUSTER_ID_TOKEN: "x" }, [], Date.now())).toEqual({ ok: true, value: null });
    expect(await verifiedIdentity(issuer.jobEnv, [company], Date.now())).toEqual({ ok: true, value: null });
    expect(asked()).toHaveLength(before);
  });

  it("is told by a token that the job asks for, made for the project's audience", async () => {
    issuer.claims = { actor: "ann" };
    const told = await verifiedIdentity(issuer.jobEnv, [forge()], Date.now());
    expect(told).toMatchObject({ ok: true, value: { person: "github:ann" } });
    expect(asked()[0]).toBe("/job?api-version=2.0&audience=acme");
  });

  it("is an error where the token proves nothing, or there is none to be had", async () => {
    const wrong = { ...issuer.jobEnv, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "not-the-token" };
    expect(await verifiedIdentity(wrong, [forge()], Date.now())).toEqual({
      ok: false,
      error: `GitHub Actions gives no identity token: ${issuer.url}/job answered 404`,
    });
    const forged = { MUSTER_ID_TOKEN: await issuer.token({ claims: { aud: "acme" }, isForged: true }) };
    expect(await verifiedIdentity(forged, [forge()], Date.now())).toEqual({
      ok: false,
      error: "the identity token of MUSTER_ID_TOKEN is refused: its signature is not its issuer's",
    });
    const plain = { ...wrong, ACTIONS_ID_TOKEN_REQUEST_URL: "http://example.com/job" };
    expect(await verifiedIdentity(plain, [forge()], Date.now())).toMatchObject({
      error: expect.stringContaining("does not start with https://") as string,
    });
  });
});
