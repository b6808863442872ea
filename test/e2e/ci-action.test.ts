import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { execFileSync } from "node:child_process";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { describe, expect, inject, onTestFinished } from "vitest";
import { runComposite, type Job, type JobEnd } from "../rig/github/composite.ts";
import { commandsIn } from "../rig/github/runner.ts";
import { Issuer } from "../rig/issuer.ts";
import { story } from "../rig/muster/e2e.ts";
import { installMuster } from "../rig/muster/shell.ts";
import type { Project } from "../rig/muster/project.ts";

const FLOW = `muster: 1
name: publish
inputs: { topic: { type: string, default: tea } }
agents: { writer: { model: anthropic/claude-haiku-5-5 } }
steps:
  draft: { agent: writer, task: "Write about {{ inputs.topic }}" }
  ask: { approval: { prompt: "Publish {{ steps.draft.output }}?" } }
  publish: { run: [cat], stdin: "{{ steps.draft.output }} by {{ steps.ask.output.by }}" }
outputs:
  text: \${{ steps.publish.output }}
`;

/** The artifacts of a run of GitHub Actions: folders by name. Hidden files are left out unless they are asked for. */
class Artifacts {
  readonly #folder = mkdtempSync(join(tmpdir(), "muster-artifacts-"));

  actionsFor(folder: string): Job["actions"] {
    return {
      "actions/upload-artifact": (given) => {
        const from = resolve(folder, given["path"] ?? "");
        if (!existsSync(from) || given["include-hidden-files"] !== "true") return;
        cpSync(from, join(this.#folder, given["name"] ?? ""), { recursive: true });
      },
      "actions/download-artifact": (given) => {
        const from = join(this.#folder, given["name"] ?? "");
        if (!existsSync(from)) throw new Error(`there is no artifact ${given["name"]}`);
        mkdirSync(resolve(folder, given["path"] ?? ""), { recursive: true });
        cpSync(from, resolve(folder, given["path"] ?? ""), { recursive: true });
      },
    };
  }

  names(): readonly string[] {
    return readdirSync(this.#folder);
  }
}

function job(project: Project, folder: string, inputs: Job["inputs"], more: Partial<Job> = {}): Promise<JobEnd> {
  const bin = installMuster(project, inject("musterScript"));
  const env = {
    HOME: folder,
    ...project.env,
    PATH: [bin, process.env["PATH"] ?? ""].join(delimiter),
    GITHUB_ACTOR: "ann",
    ...more.env,
  };
  return runComposite({
    action: resolve("."),
    folder,
    inputs: { version: "installed", ...inputs },
    github: { token: "t0ken-of-the-job", run_id: "42" },
    actions: more.actions ?? {},
    env,
  });
}

describe("the action", () => {
  story(
    "stops at a question in one job, and goes on in the next one elsewhere, without paying twice",
    async ({ project, fake }) => {
      fake.on("Write about", ({ text }) => `A text on ${text.includes("coffee") ? "coffee" : "tea"}`);
      const artifacts = new Artifacts();
      project.write("workflows/publish.yaml", FLOW);
      project.write("inputs.yaml", "topic: coffee\n");
      const first = await job(
        project,
        project.folder,
        { file: "workflows/publish.yaml", "inputs-file": "inputs.yaml", "run-id": "r1" },
        { actions: artifacts.actionsFor(project.folder) },
      );
      expect({ ...first, log: "", summary: "" }).toMatchObject({
        code: 4,
        outputs: { "run-id": "r1", "run-status": "waiting", "exit-code": "4" },
        ran: ["muster", "Keep the state"],
      });
      expect(first.summary).toContain("## publish: ⏸️ waiting");
      expect(commandsIn(first.log).map(({ name }) => name)).toEqual(["notice"]);
      expect(artifacts.names()).toEqual(["muster-state"]);

      const next = mkdtempSync(join(tmpdir(), "muster-next-"));
      cpSync(join(project.folder, "workflows"), join(next, "workflows"), { recursive: true });
      const second = await job(
        project,
        next,
        { command: "resume", "run-id": "r1", approve: "ask", "resume-from": "muster-state" },
        { actions: artifacts.actionsFor(next) },
      );
      expect([second.code, second.log.includes("reuse")]).toEqual([0, true]);
      expect(second.outputs).toMatchObject({ "run-status": "succeeded", "exit-code": "0" });
      expect(JSON.parse(second.outputs["outputs"] ?? "")).toEqual({ text: "A text on coffee by github:ann" });
      expect(fake.count()).toBe(1);
      rmSync(next, { recursive: true });
    },
  );

  story("takes an approval by the token of the job, and not from who started the run", async ({ project, fake }) => {
    fake.on("Write about", "A text");
    const issuer = await Issuer.start();
    onTestFinished(() => issuer.close());
    project.write("workflows/publish.yaml", FLOW.replace('output }}?" }', 'output }}?", not_initiator: true }'));
    const trusted = `{ issuer: "${issuer.url}", claims: { repository: acme/site }, accounts: { github: actor } }`;
    project.write("muster-policy.yaml", `muster_policy: 1\nissuers:\n  - ${trusted}\n`);
    const as = async (actor: string, inputs: Job["inputs"]) => {
      issuer.claims = { actor };
      return await job(project, project.folder, { ...inputs, "state-artifact": "" }, { env: issuer.jobEnv });
    };
    expect((await as("ann", { file: "workflows/publish.yaml", "run-id": "r1" })).code).toBe(4);
    const approve = { command: "resume", "run-id": "r1", approve: "ask" };
    const own = await as("ann", approve);
    expect([own.code, own.log]).toEqual([2, expect.stringContaining("and that was github:ann")]);
    const other = await as("bob", approve);
    expect([other.code, JSON.parse(other.outputs["outputs"] ?? "")]).toEqual([0, { text: "A text by github:bob" }]);
  });

  story("tells what is wrong before anything runs; inputs are no part of a script", async ({ project }) => {
    project.write("workflows/bad.yaml", "muster: 1\nname: bad\nsteps: { a: { runn: [x] } }\n");
    const wrong = await job(project, project.folder, { command: "validate", file: "workflows" });
    expect([wrong.code, wrong.outputs["exit-code"]]).toEqual([3, "3"]);
    expect(commandsIn(wrong.log)).toMatchObject([
      { name: "error", properties: { file: "workflows/bad.yaml", line: "3" } },
    ]);
    const file = '$(touch owned)"; touch owned; echo "';
    expect((await job(project, project.folder, { file, args: "--only\n$(touch owned)" })).code).toBe(2);
    expect((await job(project, project.folder, { command: "run; touch owned" })).code).toBe(2);
    expect(project.has("owned")).toBe(false);
  });

  story("lets a job that waits pass, where it is asked to", async ({ project }) => {
    project.write("workflows/publish.yaml", FLOW);
    const end = await job(project, project.folder, {
      file: "workflows/publish.yaml",
      "on-waiting": "pass",
      "state-artifact": "",
    });
    expect([end.code, end.outputs["exit-code"], end.ran]).toEqual([0, "4", ["muster"]]);
  });

  story("keeps one comment on the pull request, under a policy of its own", async ({ project }) => {
    const github = await startGithub();
    const env = pullRequest(project, github.url);
    project.edit("workflows/publish.yaml", "Write about", "Write at length about");
    project.write("policies/own.yaml", "muster_policy: 1\nrules: { no: { require: 'false', message: never } }\n");
    const inputs = { command: "diff", comment: "true", base: "origin/main", policy: "policies/own.yaml" };
    const end = await job(project, project.folder, inputs, { env });
    expect([end.code, end.ran, project.has("muster-policy.yaml")]).toEqual([
      3,
      ["muster", "Comment on the pull request"],
      false,
    ]);
    expect(end.summary).toContain("draft");
    expect(github.comment()).toContain("- :x: `workflows/publish.yaml`: no: never");
    await job(project, project.folder, { ...inputs, policy: "" }, { env });
    expect(github.asked.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /repos/o/r/issues/7/comments?per_page=100&page=1",
      "POST /repos/o/r/issues/7/comments",
      "GET /repos/o/r/issues/7/comments?per_page=100&page=1",
      "PATCH /repos/o/r/issues/comments/1",
    ]);
    expect(github.comment()).toMatch(/^<!-- muster diff -->\n[\s\S]*draft/);
    expect(new Set(github.asked.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer t0ken-of-the-job"]),
    );
    await github.close();
  });

  story("a comment never says that nothing changed where that is not known", async ({ project }) => {
    const github = await startGithub();
    const env = pullRequest(project, github.url);
    const inputs = { command: "diff", comment: "true", base: "origin/main" };
    const same = await job(project, project.folder, inputs, { env });
    expect([same.code, same.summary, github.comment()]).toEqual([
      0,
      expect.stringContaining("no workflow changed"),
      "",
    ]);

    project.edit("workflows/publish.yaml", "Write about {{ inputs.topic }}", "Write about {{ inputs.nothing }}");
    expect((await job(project, project.folder, inputs, { env })).code).toBe(3);
    expect(github.comment()).toMatch(
      /1 workflow not valid, so that its change cannot be told[^]*publish\.yaml:6:\d+` WF/,
    );

    const lost = await job(project, project.folder, { ...inputs, base: "origin/gone...HEAD" }, { env });
    expect([lost.code, lost.log]).toEqual([2, expect.stringContaining("there is no such revision here")]);
    expect(github.comment()).toMatch(
      /could not be told\.\*\*\n\n {4}muster: origin\/gone: there is no such revision here/,
    );
    expect(lost.summary).toContain("could not be told");

    const stopped = await job(project, project.folder, { ...inputs, base: "" }, { env });
    expect([stopped.code, github.comment()]).toEqual([2, expect.stringContaining("The log of the job says why")]);
    await github.close();
  });
});

/** A repository with one workflow, which is at `origin/main`, too; the environment of a job for a pull request to it. */
function pullRequest(project: Project, api: string): { readonly [name: string]: string } {
  const git = (...args: string[]): void =>
    void execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...args], { cwd: project.folder });
  project.write("workflows/publish.yaml", FLOW);
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "first");
  git("update-ref", "refs/remotes/origin/main", "HEAD");
  project.write("event.json", JSON.stringify({ pull_request: { number: 7 } }));
  return { GITHUB_API_URL: api, GITHUB_REPOSITORY: "o/r", GITHUB_EVENT_PATH: join(project.folder, "event.json") };
}

/** As much of GitHub's API as a comment needs. */
async function startGithub() {
  const asked: { method: string; url: string; authorization: string }[] = [];
  let comment = "";
  const server = createServer((request, response) => {
    const { method = "", url = "", headers } = request;
    asked.push({ method, url, authorization: headers.authorization ?? "" });
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (method !== "GET") comment = (JSON.parse(body) as { body: string }).body;
      const known = comment === "" ? [] : [{ id: 1, body: comment, user: { type: "Bot" } }];
      response.setHeader("content-type", "application/json").end(JSON.stringify(method === "GET" ? known : known[0]));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((done) => server.close(() => done()));
  return { url: `http://127.0.0.1:${port}`, asked, comment: () => comment, close };
}
