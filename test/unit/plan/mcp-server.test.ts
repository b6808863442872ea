import { describe, expect, it } from "vitest";
import { compile } from "../../../src/plan/compile.ts";
import { lockName, wireName, type PinnedTool } from "../../../src/plan/mcp-server.ts";
import { noChoice } from "../../../src/plan/model-choice.ts";
import { renderText } from "../../../src/plan/render/text.ts";
import { estimate } from "../../../src/plan/estimate.ts";
import { noFiles } from "../../../src/plan/source-files.ts";
import { staticFingerprint } from "../../../src/plan/step-digest.ts";
import { ok } from "../../../src/util/result.ts";

const tool = (name: string, effect: PinnedTool["effect"], description = `${name}s.`): PinnedTool => ({
  name,
  description,
  inputSchema: { type: "object" },
  effect,
});

const desk = [tool("look", "none"), tool("put", "idempotent"), tool("send", "unsafe")];

function compiled(agent: string, tools = desk, top = "") {
  const text = `muster: 1
name: example
${top}
models: { fast: anthropic/claude-haiku-5-5 }
agents:
  clerk: { model: fast, ${agent.includes("permissions") ? "" : "permissions: { shell: [desk, other] }, "}${agent} }
steps:
  a: { agent: clerk, task: A }
`;
  const servers = new Map([
    ["desk --fast", tools],
    ["https://mcp.example.com/", tools],
  ]);
  const lock = () => ok({ lock: { repositories: new Map(), servers }, isFrozen: true });
  const result = compile({ path: "w.yaml", text }, noChoice, { ...noFiles, lock });
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

const server = "mcp: { desk: { command: desk, args: [--fast], sandbox: require } }";
const said = (agent: string, top = ""): readonly string[] =>
  compiled(agent, desk, top).diagnostics.map(({ code, message }) => `${code} ${message}`);

describe("tools of an MCP server in a plan", () => {
  it.each([
    [`tools: ["mcp:desk/lok"], ${server}`, ["WF7001 the MCP server 'desk' has no tool 'lok', as muster.lock has it"]],
    [
      `tools: ["mcp:desk", "mcp:desk/look"], ${server}`,
      ["WF7002 agent 'clerk' has the tool 'mcp:desk/look' twice: 'mcp:desk' are all of them"],
    ],
    [
      `tools: ["mcp:desk/look"], mcp: { desk: { command: desk, args: [--fast] }, other: { command: other } }`,
      ["WF7011 agent 'clerk' uses no tool of its MCP server 'other'"],
    ],
    [
      `tools: ["mcp:desk/look"], mcp: { desk: { command: desk, args: [--fast], sandbox: "off" } }`,
      [
        "WF8009 the MCP server 'desk' of agent 'clerk' runs without a sandbox: with your files and the whole network, whatever `permissions` say",
      ],
    ],
    // What it says may make the model do what its other tools can.
    [
      `tools: ["mcp:desk/look", "mcp:desk/send"], ${server}`,
      ["WF8006 what 'a' gets from the network reaches a tool that changes something without an approval between"],
    ],
    [`tools: ["mcp:desk/look"], ${server}`, []],
  ])("%s", (agent, expected) => {
    expect(said(agent)).toEqual(expected);
  });

  it("a lock that cannot be read is told once", () => {
    const text = `muster: 1\nname: x\nagents: { a: { tools: ["mcp:d"], permissions: { shell: any }, mcp: { d: { command: d }, e: { command: e } } } }\nsteps: { s: { agent: a, task: T } }\n`;
    const result = compile({ path: "w.yaml", text }, noChoice, {
      ...noFiles,
      lock: () => ({ ok: false, error: "is not JSON" }),
    });
    if (!result.ok) throw new Error(result.error);
    const errors = result.value.diagnostics.filter(({ severity }) => severity === "error");
    expect(errors.map(({ code, message }) => `${code} ${message}`)).toEqual(["WF8012 muster.lock is not JSON"]);
  });

  it("the caps of the file hold for its program, and for its host", () => {
    const cap = "permissions: { shell: [git], network: [other.example.com] }";
    expect(said(`tools: ["mcp:desk/look"], ${server}`, cap)).toEqual([
      "WF8005 step 'a': `permissions.shell` does not allow the program 'desk'",
    ]);
    const web = `tools: ["mcp:desk/look"], permissions: { network: ["*"] }, mcp: { desk: { url: "https://mcp.example.com/" } }`;
    expect(said(web, cap)).toEqual([
      "WF8005 step 'a': `permissions.network` does not allow the host 'mcp.example.com'",
    ]);
  });

  it("the worst effect of its tools is that of the step, and what changes an answer is in its fingerprint", () => {
    const planOf = (agent: string, tools = desk) => compiled(agent, tools).plan ?? expect.fail("no plan");
    const effect = (names: string) => planOf(`tools: [${names}], ${server}`).scopes[0]?.steps[0]?.effect;
    expect([effect('"mcp:desk/look"'), effect('"mcp:desk/put"'), effect('"mcp:desk"')]).toEqual([
      "none",
      "idempotent",
      "unsafe",
    ]);
    const print = (tools: readonly PinnedTool[], more = server) =>
      staticFingerprint(planOf(`tools: ["mcp:desk/look"], ${more}`, [...tools]), 0, 0);
    const base = print(desk);
    expect(print([tool("look", "none", "Looks again.")])).not.toBe(base);
    expect(print([{ ...tool("look", "none"), inputSchema: { type: "object", required: ["x"] } }])).not.toBe(base);
    // How it is shut in, and what may be done twice, change no answer; neither do tools that it does not have.
    expect(print([tool("look", "unsafe")], server.replace("require", "prefer"))).toBe(base);
  });

  it("is shown with its command line", () => {
    const { plan } = compiled(`tools: ["mcp:desk"], ${server}`);
    const text = renderText(plan ?? expect.fail("no plan"), estimate(plan ?? expect.fail("no plan")), "w.yaml");
    expect(text.replace(/\s+/g, " ")).toContain(
      "mcp:desk (3 tools of desk --fast, sandbox require); files none; network none; programs desk, other",
    );
  });
});

describe("names", () => {
  it("a server is called by its command line, or its address", () => {
    const argv = (...parts: string[]) => ({
      kind: "stdio" as const,
      argv: parts,
      env: {},
      sandbox: "require" as const,
    });
    expect(lockName(argv("npx", "-y", "@scope/server@1.2", "."))).toBe("npx -y @scope/server@1.2 .");
    expect(lockName(argv("desk", "a b"))).not.toBe(lockName(argv("desk", "a", "b")));
    expect(lockName({ kind: "http", url: "https://mcp.example.com/", headers: {} })).toBe("https://mcp.example.com/");
  });

  it("a tool has a name that all providers take, and no other tool has", () => {
    expect(wireName("desk", "look_up")).toBe("mcp__desk__look_up");
    const names = [
      wireName("desk", "a.b"),
      wireName("desk", "a b"),
      wireName("desk", "x".repeat(100)),
      wireName("desk", "x".repeat(101)),
    ];
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(new Set(names).size).toBe(4);
  });
});
