import { describe, expect, it } from "vitest";
import { isHeldUp, whyNotAnswer, type Demand, type Identity, type Issuer } from "../../../src/run/identity.ts";

const forge: Issuer = {
  issuer: "https://forge",
  audience: "muster",
  jwks: null,
  claims: { repository: ["acme/site"] },
  accounts: { github: "actor" },
};
const company: Issuer = { ...forge, issuer: "https://company", claims: {}, accounts: {} };

const onForge = (login: string | null): Identity => ({
  issuer: forge.issuer,
  subject: "main",
  names: [...(login === null ? [] : [`github:${login}`]), "oidc:main"],
  person: login === null ? null : `github:${login}`,
});
const inCompany = (subject: string): Identity => ({
  issuer: company.issuer,
  subject,
  names: [`oidc:${subject}`],
  person: `oidc:${subject}`,
});

const only = (...approvers: string[]): Demand => ({ approvers, notInitiator: false });
const other: Demand = { approvers: [], notInitiator: true };

describe("who may answer", () => {
  it.each<[string, Demand, readonly Issuer[], boolean]>([
    ["nobody is asked for", { approvers: [], notInitiator: false }, [forge], false],
    ["nobody is trusted", only("github:ann"), [], false],
    ["nobody vouches for that kind", only("slack:U1"), [forge], false],
    ["subjects are no accounts", only("github:ann"), [company], false],
    ["one of them can be known", only("slack:U1", "github:ann"), [company, forge], true],
    ["any issuer vouches for subjects", only("oidc:ann"), [company], true],
    ["whoever did not start it", other, [forge], true],
    ["whoever did not start it, and nobody is trusted", other, [], false],
  ])("%s", (_, demand, issuers, isAsked) => {
    expect(isHeldUp(demand, issuers)).toBe(isAsked);
    expect(whyNotAnswer(demand, issuers, null, null) !== null).toBe(isAsked);
  });

  it.each<[string, Demand, Identity, Identity | null, string | null]>([
    ["forges pass over case", only("github:Ann"), onForge("ann"), null, null],
    ["companies do not", only("oidc:Ann"), inCompany("ann"), null, "you are oidc:ann"],
    ["a subject is a name", only("oidc:main"), onForge(null), null, null],
    ["somebody else", only("github:bob"), onForge("ann"), null, "you are github:ann, oidc:main"],
    ["another person from the same branch", other, onForge("ann"), onForge("bob"), null],
    ["who started it", other, onForge("Ann"), onForge("ann"), "that was github:Ann"],
    ["nobody knows who started it", other, onForge("ann"), null, "nobody vouched for them"],
    ["a job that was run again", other, onForge(null), onForge("ann"), "a token does not tell a person"],
    ["it was started by one", other, onForge("ann"), onForge(null), "a token does not tell a person"],
    ["two issuers", other, inCompany("ann"), onForge("ann"), "answer with a token of https://forge"],
    [
      "an approver who started it",
      { ...only("oidc:ann"), notInitiator: true },
      inCompany("ann"),
      inCompany("ann"),
      "that was oidc:ann",
    ],
  ])("%s", (_, demand, identity, initiator, why) => {
    const said = whyNotAnswer(demand, [forge, company], identity, initiator);
    if (why === null) expect(said).toBeNull();
    else expect(said).toContain(why);
  });
});
