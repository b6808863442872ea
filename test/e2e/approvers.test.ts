import { describe, expect } from "vitest";
import { Issuer } from "../rig/issuer.ts";
import { story } from "../rig/muster/e2e.ts";

const told = story.extend<{ issuer: Issuer }>({
  // eslint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  issuer: async ({}, use) => {
    const issuer = await Issuer.start();
    await use(issuer);
    await issuer.close();
  },
});

const flow = (approval: string): string => `
muster: 1
name: publishing
steps:
  ok: { approval: { prompt: Publish?, ${approval} } }
  publish: { needs: ok, run: "echo live; env | grep -c ID_TOKEN || true" }
outputs: { by: "\${{ steps.ok.output.by }}", result: "\${{ steps.publish.output }}" }
`;

const policy = (issuer: Issuer): string => `
muster_policy: 1
issuers:
  - { issuer: "${issuer.url}", claims: { repository: acme/site }, accounts: { github: actor } }
`;

const MAIN = "oidc:repo:acme/site:ref:refs/heads/main";

describe("an approval that certain people may answer", () => {
  told("takes the answer of whom the token of their job names, and of nobody else", async ({ project, issuer }) => {
    project.write("flow.yaml", flow("approvers: [github:Octocat, github:ann]"));
    project.write("muster-policy.yaml", policy(issuer));
    expect(await project.muster("validate", "flow.yaml")).toMatchObject({ code: 0, stderr: "1 workflow valid\n" });
    expect((await project.muster("run", "flow.yaml", "--run-id", "R")).code).toBe(4);
    const page = (await project.muster("show", "R")).stdout;
    expect(page).toContain(`answers       github:Octocat, github:ann (vouched for by ${issuer.url})`);

    // A person at a terminal, whatever they call themselves; and from a folder that trusts nobody.
    const label = await project.muster("approve", "R", "ok", "--as", "github:octocat");
    expect(label).toMatchObject({ code: 2 });
    expect(label.stderr).toContain(
      `'ok' of run R may be answered by github:Octocat, github:ann, and no token says who you are: answer in a job of ${issuer.url}, or give its token as MUSTER_ID_TOKEN`,
    );
    project.write("elsewhere/readme", "");
    const state = `${project.folder}/.muster/state.db`;
    expect((await project.muster("reject", "R", "ok", "--state", state)).stderr).toContain("no token says who you are");

    const say = async (claims: { readonly [name: string]: unknown }, ...args: string[]) =>
      await project.start(["approve", "R", "ok", ...args], { MUSTER_ID_TOKEN: await issuer.token({ claims }) }).ended;
    expect((await say({ actor: "mallory" })).stderr).toContain(`and you are github:mallory, ${MAIN}\n`);
    expect((await say({ repository: "evil/site" })).stderr).toContain(
      "the identity token of MUSTER_ID_TOKEN is refused: its claim repository is evil/site",
    );
    expect((await say({ exp: 1 })).stderr).toContain("it has expired");
    expect((await say({}, "--as", "github:ann")).stderr).toContain(
      "--as github:ann: the token says that you are github:octocat",
    );

    // As in a job with `id-token: write`.
    issuer.claims = {};
    const answered = await project.start(["approve", "R", "ok", "--comment", "Go."], issuer.jobEnv).ended;
    expect(answered).toMatchObject({
      code: 0,
      stderr: "approved 'ok' of run R as github:octocat; nobody runs it now, so it goes on with: muster resume R\n",
    });
    const resumed = await project.start(["resume", "R", "--json", "--report", "report.json"], issuer.jobEnv).ended;
    const events = resumed.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { type: string; data?: object });
    expect(events.find(({ type }) => type === "approval.answered")).toMatchObject({
      by: "github:octocat",
      identity: { issuer: issuer.url, subject: "repo:acme/site:ref:refs/heads/main" },
    });
    expect(project.report()).toMatchObject({ outputs: { by: "github:octocat", result: "live\n0" } });
    expect((await project.muster("show", "R")).stdout).toContain(
      `answers\n  ok  approved by github:octocat (vouched for by ${issuer.url}): Go.\n`,
    );
    for (const { path, bytes } of project.files())
      expect([path, bytes.includes("job-token-0123456789")]).toEqual([path, false]);
  });

  told("is not answered by who started the run", async ({ project, issuer }) => {
    project.write("flow.yaml", flow("not_initiator: true"));
    project.write("muster-policy.yaml", policy(issuer));
    const start = async (run: string, claims: { readonly [name: string]: unknown } | null) =>
      await project.start(
        ["run", "flow.yaml", "--run-id", run],
        claims === null ? {} : { MUSTER_ID_TOKEN: await issuer.token({ claims }) },
      ).ended;
    expect(await start("A", null)).toMatchObject({
      code: 2,
      stderr: `muster: 'ok' may not be answered by who started the run (not_initiator), and no token says who starts this run: start it in a job of ${issuer.url}, or give a token as MUSTER_ID_TOKEN\n`,
    });
    expect((await start("A", { run_attempt: "2" })).stderr).toContain(`and ${MAIN} may be several people`);
    expect((await start("A", { actor: "ann" })).code).toBe(4);
    const say = async (verb: string, actor: string) =>
      await project.start([verb, "A", "ok"], { MUSTER_ID_TOKEN: await issuer.token({ claims: { actor } }) }).ended;
    expect(await say("approve", "ann")).toMatchObject({
      code: 2,
      stderr: "muster: 'ok' of run A may not be answered by who started the run, and that was github:ann\n",
    });
    expect((await say("reject", "bob")).stderr).toContain("rejected 'ok' of run A as github:bob");
    const resumed = await project.muster("resume", "A");
    const shown = (await project.muster("show", "A")).stdout;
    expect(shown).toContain(`started by github:ann (vouched for by ${issuer.url})\n`);
    expect(shown).toContain(`answers\n  ok  rejected by github:bob (vouched for by ${issuer.url})\n`);
    expect(resumed.code).toBe(1);
    expect(resumed.stderr).toContain("github:bob rejected 'ok'");
  });

  told("is advice where nobody is trusted, and a policy that is wrong is told", async ({ project, issuer }) => {
    project.write("flow.yaml", flow("approvers: [github:ann, slack:U1]"));
    const advisory = await project.muster("validate", "flow.yaml");
    expect(advisory.code).toBe(0);
    expect(advisory.stdout).toContain("`approvers` is advisory: nothing verifies who answers");
    project.write("muster-policy.yaml", policy(issuer));
    expect((await project.muster("validate", "flow.yaml")).stdout).toContain(
      "nothing verifies slack:U1, who can therefore not answer",
    );
    project.write("muster-policy.yaml", "muster_policy: 1\nissuers:\n  - { issuer: https://gitlab.com }\n");
    expect((await project.muster("validate", "flow.yaml")).stderr).toContain(
      "claims are missing: https://gitlab.com vouches for people of other projects too",
    );
    const run = await project.muster("run", "flow.yaml", "--run-id", "R");
    expect(run).toMatchObject({ code: 2 });
    expect(run.stderr).toContain("muster-policy.yaml:3:5: claims are missing");
    expect((await project.muster("run", "flow.yaml", "--simulate")).code).toBe(0);
  });
});
