import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, inject, test as base } from "vitest";
import type { CompletionItem, Hover, Location, WorkspaceEdit } from "vscode-languageserver-protocol/node";
import { LspClient, marked } from "../rig/lsp-client.ts";

const test = base.extend<{ client: LspClient }>({
  // eslint-disable-next-line no-empty-pattern -- vitest reads the names of the parameters
  client: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "muster-lsp-"));
    const client = await LspClient.start(inject("musterScript"), folder);
    await use(client);
    client.kill();
    await client.ended;
    rmSync(folder, { recursive: true, force: true });
  },
});

const MANIFEST = `muster: 1
name: research
inputs:
  sites:
    type: array
    items: { type: string }
models:
  fast: anthropic/claude-haiku-5-5
agents:
  researcher:
    model: fast
    instructions: You research.
steps:
  look:
    for_each: \${{ inputs.sites }}
    agent: researcher
    task: Research {{ item }}.
    output:
      type: object
      properties: { title: { type: string }, themes: { type: array, items: { type: string } } }
      required: [title, themes]
  sum:
    needs: [look]
    agent: researcher
    if: size(steps.look.output) > 0
    task: |
      Sum up:
      {{#each steps.look.output}}
      - {{ title }}
      {{/each}}
outputs:
  report: \${{ steps.sum.output }}
`;

const at = (needle: string, offset = 0, text = MANIFEST): { line: number; character: number } => {
  const index = text.indexOf(needle);
  if (index === -1) throw new Error(`no ${needle}`);
  return marked(`${text.slice(0, index + offset)}§`).position;
};

const labels = (items: readonly CompletionItem[]): string[] => items.map(({ label }) => label);

describe("muster lsp", () => {
  test("says what is wrong as it is typed, as validate does, and that it is mended", async ({ client }) => {
    await client.open("w.yaml", MANIFEST.replace("needs: [look]", "needs: [lok]"));
    const [problem] = await client.problems("w.yaml", (found) => found.length === 1);
    expect(problem).toMatchObject({
      code: "WF3002",
      severity: 1,
      source: "muster",
      message: "step 'sum' needs unknown step 'lok'\nhelp: did you mean 'look'?",
      range: { start: { line: 22, character: 12 }, end: { line: 22, character: 15 } },
    });
    await client.change("w.yaml", MANIFEST);
    expect(await client.problems("w.yaml", (found) => found.length === 0)).toEqual([]);
    expect(client.logged).toEqual([]);
    expect(await client.close()).toBe(0);
  });

  test("checks the files that use a file with it", async ({ client }) => {
    const child = "muster: 1\nname: child\nsteps:\n  a: { value: 1 }\noutputs:\n  sum: ${{ steps.a.output }}\n";
    const top =
      "muster: 1\nname: top\nsteps:\n  use: { uses: ./child.yaml }\noutputs:\n  x: ${{ steps.use.output.sum }}\n";
    client.write("child.yaml", child);
    client.write("top.yaml", top);
    await client.open("top.yaml", top);
    await client.open("child.yaml", child);
    await client.problems("top.yaml", (found) => found.length === 0);
    await client.change("child.yaml", child.replace("sum:", "total:"));
    const [problem] = await client.problems("top.yaml", (found) => found.length === 1);
    expect(problem?.message).toContain("sum");
  });

  test("offers keys, names and the fields of outputs, in a text that is broken too", async ({ client }) => {
    await client.open("w.yaml", MANIFEST);
    await client.problems("w.yaml", (found) => found.length === 0);
    const complete = async (text: string): Promise<string[]> => {
      const one = marked(text);
      await client.change("w.yaml", one.text);
      return labels(await client.ask<CompletionItem[]>("completion", "w.yaml", one.position));
    };
    expect(await complete(MANIFEST.replace("task: Research {{ item }}.", "§"))).toEqual(
      expect.arrayContaining(["task", "retry", "timeout", "on_error"]),
    );
    expect(await complete(MANIFEST.replace("task: Research {{ item }}.", "§"))).not.toContain("agent");
    expect(await complete(`${MANIFEST}§`)).toEqual(expect.arrayContaining(["limits", "secrets"]));
    expect(await complete(`${MANIFEST}limits: { bud§`)).toEqual(expect.arrayContaining(["budget", "concurrency"]));
    expect(await complete(MANIFEST.replace("needs: [look]", "needs: [§"))).toEqual(["look"]);
    expect(await complete(MANIFEST.replace("agent: researcher", "agent: §"))).toEqual(["researcher"]);
    expect(await complete(MANIFEST.replace("model: fast", "model: f§"))).toEqual(["fast", "auto"]);
    expect(await complete(MANIFEST.replace("inputs.sites }}", "inputs.§ }}"))).toEqual(["sites"]);
    expect(await complete(MANIFEST.replace("size(steps.look", "size(steps.§"))).toEqual(["look"]);
    expect(await complete(MANIFEST.replace("{{ title }}", "{{ §"))).toEqual(
      expect.arrayContaining(["title", "themes", "this", "inputs", "steps"]),
    );
    expect(await complete(MANIFEST.replace("{{ title }}", "{{ steps.look.output.[0].§ }}"))).toBeInstanceOf(Array);
    expect(await complete(MANIFEST.replace("size(steps.look.output) > 0", "steps.look.output[0].§"))).toEqual([
      "title",
      "themes",
    ]);
    expect(await complete(MANIFEST.replace("steps.sum.output }}", "steps.sum.§ }}"))).toEqual(
      expect.arrayContaining(["output", "status", "error"]),
    );
    expect(client.logged).toEqual([]);
  });

  test("goes to steps, agents, models, inputs, partials and files that are used", async ({ client }) => {
    client.write("prompts/style.md", "Be short.\n");
    client.write("other.yaml", "muster: 1\nname: other\nsteps:\n  a: { value: 1 }\n");
    const text = MANIFEST.replace("Sum up:", "{{> style}} Sum up:").replace(
      "outputs:\n",
      "  use: { uses: ./other.yaml }\noutputs:\n",
    );
    await client.open("w.yaml", text);
    await client.problems("w.yaml", (found) => found.length === 0);
    const where = async (needle: string, offset: number): Promise<string> => {
      const found = await client.ask<Location | null>("definition", "w.yaml", at(needle, offset, text));
      return found === null ? "nowhere" : `${found.uri.split("/").at(-1)}:${found.range.start.line + 1}`;
    };
    const lineOf = (start: string): string =>
      `w.yaml:${text.split("\n").findIndex((line) => line.startsWith(start)) + 1}`;
    expect(await where("needs: [look]", 9)).toBe(lineOf("  look:"));
    expect(await where("steps.look.output) > 0", 8)).toBe(lineOf("  look:"));
    expect(await where("#each steps.look", 14)).toBe(lineOf("  look:"));
    expect(await where("agent: researcher", 9)).toBe(lineOf("  researcher:"));
    expect(await where("model: fast", 8)).toBe(lineOf("  fast:"));
    expect(await where("inputs.sites", 9)).toBe(lineOf("  sites:"));
    expect(await where("{{> style}}", 6)).toBe("style.md:1");
    expect(await where("./other.yaml", 4)).toBe("other.yaml:1");
    expect(await where("name: research", 8)).toBe("nowhere");
  });

  test("renames a step in its key, needs, expressions and texts, and refuses what would break", async ({ client }) => {
    await client.open("w.yaml", MANIFEST);
    await client.problems("w.yaml", (found) => found.length === 0);
    const rename = (newName: string): Promise<WorkspaceEdit> =>
      client.ask<WorkspaceEdit>("rename", "w.yaml", at("  look:", 3), { newName });
    const { changes } = await rename("explore");
    const edits = (changes?.[client.uri("w.yaml")] ?? []).toSorted((a, b) => b.range.start.line - a.range.start.line);
    const lines = MANIFEST.split("\n");
    for (const { range, newText } of edits) {
      const line = lines[range.start.line] ?? "";
      lines[range.start.line] = line.slice(0, range.start.character) + newText + line.slice(range.end.character);
    }
    expect(lines.join("\n")).toBe(MANIFEST.replaceAll("look", "explore"));
    await expect(rename("sum")).rejects.toThrow("there is a step 'sum' already");
    await expect(rename("Look")).rejects.toThrow("'Look' is no name of a step");
    await client.change("w.yaml", MANIFEST.replace("agent: researcher", "agent: nobody"));
    await expect(rename("explore")).rejects.toThrow("a file with errors is not renamed in");
  });

  test("explains keys by the schema and steps by the plan", async ({ client }) => {
    await client.open("w.yaml", MANIFEST);
    await client.problems("w.yaml", (found) => found.length === 0);
    const text = async (needle: string, offset: number): Promise<string> => {
      const found = await client.ask<Hover | null>("hover", "w.yaml", at(needle, offset));
      return (found?.contents as { value: string } | undefined)?.value ?? "";
    };
    const step = await text("  sum:", 3);
    expect(step).toContain("**sum**: agent researcher");
    expect(step).toContain("- model: anthropic/claude-haiku-5-5");
    expect(step).toContain("- waits for: look");
    expect(step).toContain("- effect: none");
    expect(step).toMatch(/- calls: .*\$/);
    expect(await text("needs: [look]", 9)).toContain("**look**: agent researcher");
    const key = await text("for_each:", 3);
    expect(key).toContain("```yaml\nfor_each:");
    expect(await text("agent: researcher", 9)).toContain("instructions: You research.");
  });

  test("answers about any prefix of a text, and never logs a bug", async ({ client }) => {
    await client.open("w.yaml", "");
    for (let length = 1; length <= MANIFEST.length; length += 23) {
      const text = MANIFEST.slice(0, length);
      await client.change("w.yaml", text);
      const { position } = marked(`${text}§`);
      for (const method of ["completion", "hover", "definition"]) await client.ask(method, "w.yaml", position);
    }
    await client.change("w.yaml", "muster: 1\n\tname: [}{: - |\n- \u0000 *x &y !!z ${{ {{");
    await client.problems("w.yaml", (found) => found.length > 0);
    expect(client.logged).toEqual([]);
  });

  test("answers in a file of ten thousand lines", async ({ client }) => {
    const steps = Array.from(
      { length: 2500 },
      (_, n) => `  s${n}:\n    needs: [s${Math.max(0, n - 1)}]\n    agent: a\n    task: Do {{ inputs.x }}.\n`,
    );
    steps[0] = "  s0:\n    agent: a\n    description: First.\n    task: Do {{ inputs.x }}.\n";
    const text = `muster: 1\nname: long\ninputs:\n  x: { type: string, default: y }\nagents:\n  a: { model: anthropic/claude-haiku-5-5 }\nsteps:\n${steps.join("")}`;
    await client.open("long.yaml", text);
    await client.problems("long.yaml", (found) => found.length === 0);
    const found = await client.ask<Hover>("hover", "long.yaml", at("  s2400:", 3, text));
    expect((found.contents as { value: string }).value).toContain("waits for: s2399");
    const items = await client.ask<CompletionItem[]>("completion", "long.yaml", at("inputs.x }}", 7, text));
    expect(labels(items)).toEqual(["x"]);
  });
});
