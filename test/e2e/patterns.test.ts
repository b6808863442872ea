import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { describe, expect } from "vitest";
import type { FakeAnthropic } from "../rig/fake-anthropic/fake-anthropic.ts";
import { toolReply } from "../rig/fake-model/answer.ts";
import { plays } from "../rig/fake-model/team.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

const FOLDER = "workflows/patterns";

function withPatterns(project: Project): void {
  cpSync(FOLDER, join(project.folder, FOLDER), { recursive: true });
}

const path = (name: string): string => `${FOLDER}/${name}.yaml`;

/** Runs a pattern to its end as the run R. */
async function runs(project: Project, name: string, ...args: string[]) {
  withPatterns(project);
  return await project.muster("run", path(name), "--run-id", "R", "--report", "report.json", ...args);
}

/** A service on this machine: answers by method and path, and keeps what it was asked. */
async function service(answer: (request: { method: string; url: string; body: string }) => unknown) {
  const asked: { method: string; url: string; body: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      const call = { method: request.method ?? "", url: request.url ?? "", body };
      asked.push({ ...call, headers: request.headers });
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(answer(call)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { asked, url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Lets a pattern reach a service on this machine in place of the hosts that it names. */
function reroute(project: Project, name: string, hosts: { readonly [host: string]: string }): void {
  let text = project.read(path(name)).replace(/network: .*/, "network: [127.0.0.1]");
  for (const [host, url] of Object.entries(hosts)) text = text.replaceAll(`https://${host}`, url);
  project.write(path(name), text);
}

/** Patterns that need nothing but a model, with how many calls they make when all goes well. */
const calls: { readonly [name: string]: number } = {
  sequential: 3,
  parallel: 4,
  "competitor-blogs": 4,
  timeouts: 2,
  degradation: 6,
  retry: 1,
  "circuit-breaker": 6,
  checkpoint: 10,
  "shared-files": 2,
  "state-store": 1,
  lazy: 1,
  caching: 2,
  branching: 3,
  isolation: 1,
  "dead-letters": 2,
  "rate-limits": 4,
  audit: 1,
  "large-data": 1,
  privileges: 1,
  roi: 7,
  manager: 3,
  "agent-pool": 5,
  "state-manager": 3,
};

/** Answers that the fake would not think of. */
function answers(fake: FakeAnthropic): void {
  fake.on("Does this contract need a lawyer", JSON.stringify({ needs_lawyer: false, summary: "harmless" }));
  fake.on("How good is this data", JSON.stringify({ quality: "high" }));
  fake.on("Score these notes", JSON.stringify({ score: 8 }));
}

describe("every pattern that needs nothing but a model", () => {
  story.for(Object.entries(calls))("%s runs, with %i calls", async ([name, wanted], { fake, project }) => {
    answers(fake);
    const { code, stderr } = await runs(project, name);
    expect(code, stderr).toBe(0);
    expect(project.report()).toMatchObject({ status: "succeeded", usage: { calls: wanted } });
    expect(fake.count()).toBe(wanted);
    expect(fake.refusals).toEqual([]);
  });
});

describe("what the patterns promise", () => {
  story(
    "moderation: most content costs one cheap look, what is unclear goes on to a person",
    async ({ fake, project }) => {
      const answer = (sure: boolean): string => JSON.stringify({ verdict: "block", sure, reason: "spam" });
      fake.on("May this be published", answer(true));
      expect((await runs(project, "moderation")).code).toBe(0);
      expect(project.report().outputs).toEqual({ verdict: "block", reason: "spam", by: "filter" });
      expect(fake.countOfModel("claude-opus-5-5")).toBe(0);

      fake.on("May this be published", answer(false));
      const unclear = await project.muster("run", path("moderation"), "--run-id", "U", "--report", "report.json");
      expect(unclear.code).toBe(4);
      expect(fake.countOfModel("claude-opus-5-5")).toBe(1);
      const input = JSON.stringify({ verdict: "allow", sure: true, reason: "satire" });
      expect((await project.muster("approve", "U", "moderate", "--as", "ann", "--input", input)).code).toBe(0);
      const resumed = await project.muster("resume", "U", "--report", "report.json");
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(project.report().outputs).toMatchObject({ verdict: "allow", reason: "satire" });
    },
  );

  story(
    "code-change: a coding agent works in a worktree, and its change goes in when a person lets it",
    async ({ fake, project }) => {
      withPatterns(project);
      const agent = fileURLToPath(new URL("../rig/fake-acp/main.ts", import.meta.url));
      project.edit(path("code-change"), "[claude-agent-acp]", JSON.stringify([process.execPath, agent]));
      const git = (...args: string[]): string =>
        execFileSync("git", ["-c", "user.name=A", "-c", "user.email=a@example.com", ...args], {
          cwd: project.folder,
          encoding: "utf8",
        });
      git("init", "--quiet", "--initial-branch", "main");
      git("config", "user.name", "A");
      git("config", "user.email", "a@example.com");
      git("add", ".");
      git("commit", "--quiet", "--message", "first");
      fake.on("What was changed", JSON.stringify({ verdict: "pass", comments: "small and right" }));
      const waits = await project.muster(
        "run",
        path("code-change"),
        "--run-id",
        "R",
        "--input",
        "change=Edit notes.txt",
      );
      expect(waits.code, waits.stderr).toBe(4);
      // The reviewer saw what the agent did, which is nowhere but on its branch.
      expect(fake.requests[0]?.text).toContain("+edited");
      expect([project.has("notes.txt"), git("show", "muster/R/code:notes.txt")]).toEqual([false, "edited\n"]);
      expect((await project.muster("approve", "R", "let_in", "--as", "ann")).code).toBe(0);
      const resumed = await project.muster("resume", "R");
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(project.read("notes.txt")).toBe("edited\n");
    },
  );

  story("web-research: scouts search and read, and the answer has their sources", async ({ fake, project }) => {
    fake.on("Which questions", JSON.stringify(["who", "how"]));
    fake.on("Find out with sources", JSON.stringify({ finding: "some do", sources: ["https://example.com/a"] }));
    expect((await runs(project, "web-research")).code).toBe(0);
    const scouted = fake.requests.filter(({ text }) => text.includes("Find out with sources"));
    expect(scouted.map(({ body }) => body.tools?.map(({ name }) => name))).toEqual([
      ["web_fetch", "web_search"],
      ["web_fetch", "web_search"],
    ]);
    expect(fake.requests.at(-1)?.text).toContain("some do (https://example.com/a)");
  });

  story("model-tiering: each task goes to the model that fits it", async ({ fake, project }) => {
    fake.on("How hard is this", ({ text }) =>
      JSON.stringify({ agent: text.includes("strategies") ? "expert" : "simple" }),
    );
    expect((await runs(project, "model-tiering")).code).toBe(0);
    expect([fake.countOfModel("claude-haiku-5-5"), fake.countOfModel("claude-sonnet-5-5")]).toEqual([3, 1]);
  });

  story("batching: seven texts, one call, seven classes", async ({ fake, project }) => {
    const classes = ["bug", "praise", "question", "feature", "bug", "praise", "question"];
    fake.on("Give one class", JSON.stringify(classes));
    expect((await runs(project, "batching")).code).toBe(0);
    expect(project.report().outputs).toEqual({ classes });
    expect(fake.count()).toBe(1);
  });

  story("caching: the second question does not pay for the research again", async ({ fake, project }) => {
    fake.on("Research the market", "Five makers.");
    expect((await runs(project, "caching")).code).toBe(0);
    const again = await project.muster("run", path("caching"), "--input", "question=And the smallest?");
    expect(again.code, again.stderr).toBe(0);
    expect([fake.count("Research the market"), fake.count("Answer from this research")]).toEqual([1, 2]);
  });

  story("circuit-breaker: after three failures nothing more is paid for", async ({ fake, project }) => {
    fake.on("Do this", { kind: "fail", status: 400, type: "invalid_request_error", message: "no" });
    expect((await runs(project, "circuit-breaker")).code).toBe(1);
    expect(fake.count()).toBe(3);
  });

  story("branching: bad data is cleaned, and the deep analysis is not paid for", async ({ fake, project }) => {
    fake.on("How good is this data", JSON.stringify({ quality: "low" }));
    fake.on("Clean this data", "name,age");
    expect((await runs(project, "branching")).code).toBe(0);
    expect([fake.count("Clean this data"), fake.count("Analyse in depth")]).toEqual([1, 0]);
    expect(fake.count("The data had to be cleaned")).toBe(1);
  });

  story("state-store: a task that is complete is not done again", async ({ fake, project }) => {
    expect((await runs(project, "state-store")).code).toBe(0);
    const again = await project.muster("run", path("state-store"), "--report", "report.json");
    expect(again.code, again.stderr).toBe(0);
    expect(fake.count()).toBe(1);
    expect((await project.muster("state", "get", "tasks-done")).stdout).toBe("1\n");
  });

  story(
    "dead-letters: an order that cannot be read is kept, tried again, and the run goes to its end",
    async ({ fake, project }) => {
      let isDown = true;
      fake.on("1 chair", () =>
        isDown
          ? { kind: "fail", status: 400, type: "invalid_request_error", message: "no" }
          : JSON.stringify({ count: 1, what: "chair", who: "Bob" }),
      );
      const first = await runs(project, "dead-letters");
      expect(first.code, first.stderr).toBe(0);
      const letters = JSON.parse((await project.muster("dead-letters", "list", "--json")).stdout) as { id: string }[];
      expect(letters.length).toBe(1);
      isDown = false;
      const retried = await project.muster("dead-letters", "retry", letters[0]?.id ?? "");
      expect(retried.code, retried.stderr).toBe(0);
      expect(JSON.parse((await project.muster("dead-letters", "list", "--json")).stdout)).toEqual([]);
    },
  );

  story("audit: the start of each agent is in a file that outlives the run", async ({ project }) => {
    expect((await runs(project, "audit")).code).toBe(0);
    await project.muster("prune", "--older-than", "0s");
    const lines = project.read("audit/agents.ndjson").trimEnd().split("\n");
    const starts = lines.map((line) => JSON.parse(line) as { agent?: string; model?: string });
    expect(starts.some(({ agent, model }) => agent === "researcher" && model === "anthropic/claude-haiku-5-5")).toBe(
      true,
    );
  });

  story("versioning: both variants run, and stats tells them apart", async ({ fake, project }) => {
    expect((await runs(project, "versioning", "--variant", "sequential")).code).toBe(0);
    expect(fake.count()).toBe(2);
    const second = await project.muster("run", path("versioning"), "--variant", "parallel");
    expect(second.code, second.stderr).toBe(0);
    expect(fake.count()).toBe(6);
    const stats = (await project.muster("stats", "versioning", "--json")).stdout;
    expect(stats).toContain("sequential");
    expect(stats).toContain("parallel");
  });

  story(
    "research-platform: the coordinator says how many there are, and the report is a file",
    async ({ fake, project }) => {
      fake.on("Name the sources", JSON.stringify(["papers", "news", "forums"]));
      fake.on("Look at:", "notes");
      fake.on("Answer in a report", "# The report");
      expect((await runs(project, "research-platform")).code).toBe(0);
      expect(fake.count("Look at:")).toBe(3);
      expect(project.report().outputs).toMatchObject({ report: "# The report" });
    },
  );
});

describe("patterns that talk to services", () => {
  story("api-orchestration: two services, one forecast, and no key in a prompt", async ({ fake, project }) => {
    const crm = await service(({ url }) =>
      url.startsWith("/v1/opportunities")
        ? [
            { id: "a 1", name: "Acme", amount: 1000 },
            { id: "b2", name: "Bolt", amount: 50 },
          ]
        : { score: url.includes("b2") ? 0.9 : 0.1 },
    );
    withPatterns(project);
    reroute(project, "api-orchestration", { "crm.example.com": crm.url, "marketing.example.com": crm.url });
    const run = project.start(["run", path("api-orchestration"), "--report", "report.json"], {
      CRM_TOKEN: "crm-token-1234",
      MARKETING_TOKEN: "marketing-token-1234",
    });
    const { code, stderr } = await run.ended;
    crm.close();
    expect(code, stderr).toBe(0);
    expect(crm.asked.map(({ url }) => url)).toContain("/v1/companies/a%201/engagement");
    expect(crm.asked[0]?.headers.authorization).toBe("Bearer crm-token-1234");
    const prompt = fake.requests[0]?.text ?? "";
    expect(prompt).toContain("- Acme, 1000: engagement 0.1");
    for (const { bytes } of project.files()) expect(bytes.includes("crm-token-1234")).toBe(false);
  });

  story("database: new customers are welcomed once", async ({ fake, project }) => {
    withPatterns(project);
    const db = new DatabaseSync(join(project.folder, "app.db"));
    db.exec(
      "CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO customer (name) VALUES ('Ada'), ('Bob')",
    );
    expect((await runs(project, "database")).code).toBe(0);
    expect(fake.count("Welcome")).toBe(2);
    db.exec("INSERT INTO customer (name) VALUES ('Cleo')");
    db.close();
    const again = await project.muster("run", path("database"), "--report", "report.json");
    expect(again.code, again.stderr).toBe(0);
    expect(fake.count("Welcome")).toBe(3);
    expect(project.report().outputs).toEqual({ welcomed: 1 });
  });

  story(
    "competitor-watch: only a page that changed reaches a model, only a price that changed is told",
    async ({ fake, project }) => {
      let price = 20;
      const reader = await service(({ method, url }) => {
        if (method === "POST") return "ok";
        const site = /competitor-(\w)/.exec(decodeURIComponent(url))?.[1] ?? "";
        const text = `${site}: ${site === "b" ? price : 10} dollars`;
        return { hash: site === "b" ? price : 1, text };
      });
      fake.on("cheapest paid plan", ({ text }) => JSON.stringify({ usd: Number(/(\d+) dollars/.exec(text)?.[1]) }));
      withPatterns(project);
      reroute(project, "competitor-watch", { "reader.example.com": reader.url, "chat.example.com": reader.url });
      const watch = async (id: string) => {
        const run = project.start(["run", path("competitor-watch"), "--run-id", id, "--report", "report.json"], {
          ALERT_URL: `${reader.url}/alert`,
        });
        const { code, stderr } = await run.ended;
        expect(code, stderr).toBe(0);
        return { changed: project.report().outputs?.["changed"], calls: fake.count() };
      };
      expect((await watch("first")).calls).toBe(3);
      expect(await watch("same")).toEqual({ changed: [], calls: 3 });
      price = 25;
      expect(await watch("dearer")).toEqual({ changed: ["competitor-b.example.com"], calls: 4 });
      const alerts = reader.asked
        .filter(({ method }) => method === "POST")
        .map(({ body }) => JSON.parse(body) as unknown);
      expect(alerts.at(-1)).toEqual({ changes: [{ site: "competitor-b.example.com", before: 20, now: 25 }] });
      reader.close();
    },
  );

  story("content-engine: four posts, a person, then the blog, each post once", async ({ fake, project }) => {
    const blog = await service(() => ({ id: "p" }));
    const topics = ["tea", "oil", "ice", "air"];
    fake.on("Suggest 4 topics", JSON.stringify(topics));
    fake.on("Collect the facts", ({ text }) => `facts of ${/post on: (\w+)/.exec(text)?.[1] ?? ""}`);
    fake.on("Write one post for each", ({ text }) =>
      JSON.stringify(
        [...text.matchAll(/Topic: (\w+)/g)].map(([, topic]) => ({ title: topic, text: `about ${topic ?? ""}` })),
      ),
    );
    fake.on("Polish this post", ({ text }) => `Polished ${/# (\w+)/.exec(text)?.[1] ?? ""}`);
    withPatterns(project);
    reroute(project, "content-engine", { "blog.example.com": blog.url });
    const env = { BLOG_TOKEN: "blog-token-1234" };
    const started = project.start(["run", path("content-engine"), "--run-id", "R", "--input", "posts=4"], env);
    const waiting = await started.ended;
    expect(waiting.code, waiting.stderr).toBe(4);
    expect(fake.count("Write one post for each")).toBe(2);
    expect(blog.asked).toEqual([]);
    expect((await project.muster("approve", "R", "release", "--as", "ann")).code).toBe(0);
    const before = fake.count();
    const resumed = await project.start(["resume", "R", "--report", "report.json"], env).ended;
    blog.close();
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(fake.count()).toBe(before);
    expect(project.report().outputs).toEqual({ published: 4 });
    expect(blog.asked.map(({ body }) => (JSON.parse(body) as { text: string }).text).sort()).toEqual(
      topics.map((topic) => `Polished ${topic}`).sort(),
    );
    expect(new Set(blog.asked.map(({ headers }) => headers["idempotency-key"])).size).toBe(4);
  });

  story(
    "support: what the audit lets pass goes out, the rest goes to a person, ticket by ticket",
    async ({ fake, project }) => {
      fake.on("You sort support tickets", ({ text }) =>
        JSON.stringify({ kind: text.includes("charged") ? "billing" : "bug", urgent: false }),
      );
      fake.on("Answer this ticket", ({ text }) => (text.includes("charged") ? "We look into it" : "Fixed in 2.0"));
      fake.on("You let an answer pass", ({ text }) =>
        JSON.stringify({ pass: text.includes("Fixed"), reason: "too vague" }),
      );
      const waiting = await runs(project, "support");
      expect(waiting.code, waiting.stderr).toBe(4);
      const input = JSON.stringify({ answer: "We paid it back" });
      const approved = await project.muster("approve", "R", "ticket[1]/escalate", "--as", "ann", "--input", input);
      expect(approved.code, approved.stderr).toBe(0);
      const resumed = await project.muster("resume", "R", "--report", "report.json");
      expect(resumed.code, resumed.stderr).toBe(0);
      expect(project.report().outputs).toEqual({
        answers: [
          { kind: "bug", answer: "Fixed in 2.0" },
          { kind: "billing", answer: "We paid it back" },
        ],
        open: [],
      });
    },
  );
});

describe("agents that lead agents", () => {
  const spawn = (task: string, agent: string, more: object = {}) =>
    ["sessions_spawn", { task, agent, ...more }] as const;

  story("specialists: the manager merges typed results of those whom it started", async ({ fake, project }) => {
    const output_schema = {
      type: "object",
      properties: { finding: { type: "string" }, confidence: { type: "number" } },
      required: ["finding", "confidence"],
    };
    plays(fake, "You lead specialists.", [
      toolReply(
        spawn("What do rivals do?", "market", { output_schema }),
        spawn("What does it bring?", "finance", { output_schema }),
      ),
      toolReply(["sessions_wait", {}]),
      "Yes, slowly.",
    ]);
    plays(fake, "You know customers", [JSON.stringify({ finding: "They do it", confidence: 0.8 })]);
    plays(fake, "You calculate", [JSON.stringify({ finding: "More in a year", confidence: 0.6 })]);
    expect((await runs(project, "specialists")).code).toBe(0);
    expect(project.report()).toMatchObject({ outputs: { answer: "Yes, slowly." }, usage: { calls: 5 } });
    expect(JSON.stringify(fake.requests.at(-1)?.body.messages)).toContain(
      '{\\"finding\\":\\"They do it\\",\\"confidence\\":0.8}',
    );
  });

  story(
    "self-organised: the lead starts, stops and asks on as it likes, within what is written",
    async ({ fake, project }) => {
      withPatterns(project);
      project.write("docs/a.md", "old");
      plays(fake, "You reach a goal", [
        toolReply(
          ["list_files", {}],
          spawn("Read docs/a.md", "reader"),
          spawn("Read it all", "reader", { label: "too much" }),
        ),
        toolReply(["subagents", { action: "kill", target: "too much" }]),
        toolReply(["sessions_wait", { ids: ["reader@1.2"] }]),
        toolReply(spawn("Is that true?", "critic")),
        "{}",
        JSON.stringify({ done: ["docs/a.md is old"], open: [] }),
      ]);
      plays(fake, "You read files closely", [toolReply(["read_file", { path: "docs/a.md" }]), "docs/a.md:1 is old"]);
      plays(fake, "You say what is wrong", ["Nothing is."]);
      const run = await project.muster("run", path("self-organised"), "--report", "report.json");
      expect(run.code, run.stderr).toBe(0);
      expect(project.report().outputs).toEqual({ done: ["docs/a.md is old"], open: [] });
      const shown = await project.muster("show");
      expect(shown.stdout).toMatch(/failed +work\/reader@1\.3 .*was stopped by its leader/);
    },
  );

  story("recursion: a solver starts solvers, and the deepest has no way to", async ({ fake, project }) => {
    fake.on("Answer a question", ({ body }) => {
      const canSpawn = body.tools?.some(({ name }) => name === "sessions_spawn") === true;
      if (body.messages.length === 1 && canSpawn) return toolReply(["sessions_spawn", { task: "A smaller one?" }]);
      return body.messages.length === 3 ? toolReply(["sessions_wait", {}]) : "It is so.";
    });
    expect((await runs(project, "recursion")).code).toBe(0);
    expect(project.report().usage.calls).toBe(7);
    const { children } = project.report().steps["solve"] as unknown as {
      children: { children: { child: string }[] }[];
    };
    expect(children[0]?.children).toMatchObject([{ child: "solve/solver@1.1/solver@1.1", children: [] }]);
  });
});

describe("the folder of patterns", () => {
  story("has no pattern that these tests do not run", async ({ project }) => {
    withPatterns(project);
    const text = readFileSync(join(import.meta.dirname, "patterns.test.ts"), "utf8");
    const names = readdirSync(FOLDER).flatMap((file) =>
      /^[a-z-]+\.yaml$/.test(file) ? [file.replace(/\.yaml$/, "")] : [],
    );
    expect(names.filter((name) => !text.includes(`"${name}"`) && !(name in calls))).toEqual([]);
  });
});
