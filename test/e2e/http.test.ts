import { describe, expect } from "vitest";
import { story as base } from "../rig/muster/e2e.ts";
import { WebServer } from "../rig/web-server.ts";

const story = base.extend<{ web: WebServer }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  web: async ({}, use) => {
    const web = await WebServer.start();
    await use(web);
    await web.close();
  },
});

const head = (more = ""): string => `
muster: 1
name: web
permissions: { network: ["127.0.0.1"], shell: any, state: write }
${more}`;

describe("kill -9 while a request is under way", () => {
  story("a POST is not sent again on its own; --rerun is a person's word, and then it is", async ({ project, web }) => {
    project.write(
      "flow.yaml",
      `${head()}steps:\n  post: { http: { method: POST, url: "${web.origin()}/orders", body: { n: 1 } } }\n`,
    );
    const first = web.nextRequest();
    const run = project.start(["run", "flow.yaml", "--run-id", "one"]);
    await first;
    await run.crash();

    web.reply(201, { id: 7 });
    const resumed = await project.muster("resume", "one", "--report", "report.json");
    expect(resumed.code).toBe(1);
    expect(project.report().steps["post"]?.error).toMatchObject({ code: "outcome_unknown" });
    expect(web.exchanges).toHaveLength(1);

    expect((await project.muster("resume", "one", "--rerun", "post", "--report", "report.json")).code).toBe(0);
    expect(web.exchanges).toHaveLength(2);
    expect(project.report().steps["post"]).toMatchObject({ status: "succeeded", output: { id: 7 } });
  });

  story("nor by the next retry of its dead letter, unless a person says so", async ({ project, web }) => {
    const flow = (status: number) =>
      `${head()}steps:\n  post: { http: { method: POST, url: "${web.origin()}/orders", body: x, expect: [${status}] } }\n`;
    project.write("flow.yaml", flow(200));
    web.reply(201, "made");
    expect((await project.muster("run", "flow.yaml", "--run-id", "one")).code).toBe(1);
    project.write("flow.yaml", flow(201));
    const [letter] = JSON.parse((await project.muster("dead-letters", "list", "--json")).stdout) as { id: string }[];
    const id = letter?.id ?? "";
    web.onRequest(() => {});
    const second = web.nextRequest();
    const retry = project.start(["dead-letters", "retry", id]);
    await second;
    await retry.crash();

    web.reply(201, "made");
    for (let again = 0; again < 2; again += 1) {
      const doubtful = await project.muster("dead-letters", "retry", id);
      expect(doubtful.code).toBe(1);
      expect(doubtful.stderr).toContain("nobody knows whether it took effect");
      expect(doubtful.stderr).toContain(`muster dead-letters retry ${id} --rerun`);
      expect(web.exchanges).toHaveLength(2);
    }
    const shown = await project.muster("dead-letters", "show", id, "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ error: { code: "outcome_unknown" } });
    expect((await project.muster("dead-letters", "retry", id, "--rerun")).code).toBe(0);
    expect(web.exchanges).toHaveLength(3);
    expect((await project.muster("resume", "one")).code).toBe(0);
    expect(web.exchanges).toHaveLength(3);
  });

  story(
    "a GET, a PUT and a POST that may be repeated are, under the same idempotency key",
    async ({ project, web }) => {
      project.write(
        "flow.yaml",
        `${head()}steps:
  get: { http: { url: "${web.origin()}/get" } }
  put: { http: { method: PUT, url: "${web.origin()}/put", body: x } }
  post: { http: { method: POST, url: "${web.origin()}/post" }, idempotent: true }`,
      );
      const run = project.start(["run", "flow.yaml", "--run-id", "one"]);
      for (let seen = 0; seen < 3; seen += 1) await web.nextRequest();
      await run.crash();
      web.reply(200, "ok");
      expect((await project.muster("resume", "one")).code).toBe(0);
      const keys = (path: string) =>
        web.exchanges.filter(({ url }) => url === path).map(({ headers }) => headers["idempotency-key"]);
      expect(keys("/get")).toEqual([undefined, undefined]);
      for (const path of ["/put", "/post"]) {
        expect(keys(path)).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), keys(path)[0]]);
      }
    },
  );
});

describe("http steps", () => {
  story("values are percent-encoded, secrets stay out of everything that is written", async ({ project, web }) => {
    project.env["API_TOKEN"] = "t0p-secret-token";
    project.env["HOOK"] = `${web.origin()}/hook/0123456789`;
    web.onRequest(({ url, headers, body, response }) => {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ url, auth: headers.authorization ?? null, body }));
    });
    project.write(
      "flow.yaml",
      `${head(`secrets: [API_TOKEN, HOOK]\ninputs: { id: { type: string, default: "a/../b?c&d=é" } }\n`)}steps:
  get:
    http:
      url: "${web.origin()}/items/{{ inputs.id }}?x={{ inputs.id }}"
      headers: { authorization: "Bearer {{ secrets.API_TOKEN }}" }
      query: { tag: [one, "two words"], none: null, n: 2 }
  hook: { needs: get, http: { method: POST, url: "\${{ secrets.HOOK }}", body: { key: "{{ secrets.API_TOKEN }}", n: 1 } } }
outputs: { get: "\${{ steps.get.output }}", hook: "\${{ steps.hook.output.body }}", code: "\${{ steps.hook.status_code }}" }`,
    );
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run).toMatchObject({ code: 0 });
    expect(web.exchanges.map(({ url }) => url)).toEqual([
      "/items/a%2F..%2Fb%3Fc%26d%3D%C3%A9?x=a%2F..%2Fb%3Fc%26d%3D%C3%A9&tag=one&tag=two+words&n=2",
      "/hook/0123456789",
    ]);
    expect(web.exchanges.map(({ headers, body }) => [headers.authorization, body])).toEqual([
      ["Bearer t0p-secret-token", ""],
      [undefined, `{"key":"t0p-secret-token","n":1}`],
    ]);
    expect(project.report().outputs).toEqual({
      get: { url: web.exchanges[0]?.url, auth: "Bearer [secret:API_TOKEN]", body: "" },
      hook: `{"key":"[secret:API_TOKEN]","n":1}`,
      code: 200,
    });
    for (const { path, bytes } of project.files()) {
      expect([path, bytes.includes("t0p-secret-token"), bytes.includes("/hook/0123456789")]).toEqual([
        path,
        false,
        false,
      ]);
    }
  });

  story("a rate limit is waited for as long as the server says, then tried again", async ({ project, web }) => {
    web.onRequest(({ response }) => {
      const isFirst = web.exchanges.length === 1;
      response.writeHead(isFirst ? 429 : 200, isFirst ? { "retry-after-ms": "20" } : { "content-type": "text/plain" });
      response.end(isFirst ? "slow down" : "fine");
    });
    project.write(
      "flow.yaml",
      `${head()}steps:\n  get: { http: { url: "${web.origin()}/" }, retry: { max_attempts: 2, delay: 1ms } }\noutputs: { text: "\${{ steps.get.output }}" }`,
    );
    const run = await project.muster("run", "flow.yaml", "--json");
    expect(run.code).toBe(0);
    const failed = run.stdout.split("\n").find((line) => line.includes("attempt.failed"));
    expect(JSON.parse(failed ?? "")).toMatchObject({ class: "rate_limit", code: "http_429", retry_in_ms: 20 });
    expect(web.exchanges).toHaveLength(2);
  });

  story("a timeout ends the request, and its failure says so", async ({ project, web }) => {
    project.write("flow.yaml", `${head()}steps:\n  slow: { http: { url: "${web.origin()}/" }, timeout: 300ms }\n`);
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    expect(project.report().steps["slow"]?.error).toMatchObject({
      class: "timeout",
      message: "'slow' did not end within 300ms",
    });
  });

  story(
    "--simulate sends nothing and needs no secret; plan shows where a step goes and what may be touched",
    async ({ project, web }) => {
      project.write(
        "flow.yaml",
        `${head("secrets: [HOOK]\n")}steps:
  get: { http: { url: "${web.origin()}/items" }, output: { type: object, properties: { n: { type: integer, minimum: 1, maximum: 1 } }, required: [n] } }
  said: { http: { method: POST, url: "\${{ secrets.HOOK }}" }, simulate: { output: done } }
outputs: { n: "\${{ steps.get.output.n }}", said: "\${{ steps.said.output }}" }`,
      );
      const run = await project.muster("run", "flow.yaml", "--simulate", "--report", "report.json");
      expect(run.code).toBe(0);
      expect(project.report().outputs).toEqual({ n: 1, said: "done" });
      expect(web.exchanges).toEqual([]);
      const plan = await project.muster("plan", "flow.yaml");
      expect(plan.stdout).toContain(`get   http GET ${web.origin()}\n`);
      expect(plan.stdout).toContain("said  http POST (an address that is a secret)\n");
      expect(plan.stdout).toContain("permissions    files none; network 127.0.0.1; programs any; state write\n");
    },
  );

  story("an address that a secret holds is held to the permissions in the run", async ({ project, web }) => {
    project.env["HOOK"] = web.origin("localhost");
    project.write(
      "flow.yaml",
      `${head("secrets: [HOOK]\n")}steps:\n  post: { http: { url: "\${{ secrets.HOOK }}" } }\n`,
    );
    const run = await project.muster("run", "flow.yaml", "--report", "report.json");
    expect(run.code).toBe(1);
    expect(project.report().steps["post"]?.error).toMatchObject({
      class: "refused",
      code: "permission_denied",
      message: "`permissions.network` does not allow the host 'localhost'",
    });
    expect(web.exchanges).toEqual([]);
  });

  story(
    "a program that a value names is held to the permissions too, in a workflow that is used as well",
    async ({ project }) => {
      project.write(
        "flow.yaml",
        `
muster: 1
name: caps
permissions: { shell: [printf, git] }
inputs: { program: { type: string, default: git } }
steps:
  allowed: { run: ["{{ inputs.program }}", --version] }
  child: { uses: ./child.yaml, with: { program: "\${{ inputs.program }}" } }`,
      );
      project.write(
        "child.yaml",
        `
muster: 1
name: child
permissions: { shell: [printf, true] }
inputs: { program: { type: string } }
steps:
  inner: { run: ["{{ inputs.program }}", --version] }`.replace("printf, true", 'printf, "true"'),
      );
      const run = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(run.code).toBe(1);
      expect(project.report().steps["allowed"]).toMatchObject({ status: "succeeded" });
      expect(project.report().error).toMatchObject({
        class: "refused",
        code: "permission_denied",
        message:
          "step 'child' failed: step 'child/inner' failed: 'inner' may not start: `permissions.shell` does not allow the program 'git'",
      });
    },
  );
});
