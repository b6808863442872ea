import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { formatManifest } from "../../../src/format/format.ts";

const formatted = (text: string, fix = false): string => {
  const result = formatManifest({ path: "flow.yaml", text }, { fix });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.text;
};

const root = resolve(import.meta.dirname, "../../..");

describe("formatManifest", () => {
  it("puts keys into their order, with the comments above and beside them", () => {
    const text = `# yaml-language-server: $schema=../schemas/workflow.v1.json
steps:
  # about draft
  draft:
    # why three
    retry: { delay: 1s, max_attempts: 3 }   # enough
    task: |
      Draft it.
      # no comment

      The end.
    agent: writer
  end: { needs: draft, run: [echo, hi] }

# who
agents:
  writer: { model: anthropic/claude-haiku-5-5 }
name: x
muster: 1
`;
    expect(formatted(text)).toBe(`# yaml-language-server: $schema=../schemas/workflow.v1.json
muster: 1
name: x

# who
agents:
  writer: { model: anthropic/claude-haiku-5-5 }
steps:
  # about draft
  draft:
    agent: writer
    task: |
      Draft it.
      # no comment

      The end.
    # why three
    retry: { max_attempts: 3, delay: 1s }   # enough
  end: { needs: draft, run: [echo, hi] }
`);
  });

  it("leaves names, JSON Schemas, free keys and values as they are written", () => {
    const text = `muster: 1
name: x
x-team: { b: 1, a: 2 }
inputs: { zeta: { default: 1, type: integer }, alpha: { type: 'string' } }
steps:
  b: { value: { z: 1, a: 2 }, output: { required: [z], type: object } }
  a: { run: [ echo,  hi ] }
`;
    expect(formatted(text)).toBe(text.replace("x-team: { b: 1, a: 2 }\n", "") + "x-team: { b: 1, a: 2 }\n");
  });

  it("keeps an order that an alias needs", () => {
    const text = `muster: 1
name: x
steps:
  a: { run: [echo, hi], if: &when "true" }
  b:
    run: &argv [echo, "*argv"]
    stdin: *when
  c: { timeout: &t 1m, retry: { max_attempts: 2, max_delay: *t }, run: [true] }
`;
    const changed = formatted(text);
    expect(changed).toContain('a: { if: &when "true", run: [echo, hi] }');
    expect(changed).toContain("c: { timeout: &t 1m, retry: { max_attempts: 2, max_delay: *t }, run: [true] }");
  });

  it("keeps CRLF and a byte order mark, and ends the file with one line end", () => {
    expect(formatted("\uFEFFname: x\r\nmuster: 1\r\nsteps: { a: { run: [x], if: 'true' } }\r\n\r\n\r\n")).toBe(
      "\uFEFFmuster: 1\r\nname: x\r\nsteps: { a: { if: 'true', run: [x] } }\r\n",
    );
  });

  it("mends the spelling of keys, and with `fix` the words of other tools whose value fits", () => {
    const text = `muster: 1
name: x
steps:
  a: { run: [echo, hi], timeout-minutes: 5 }
  b:
    depends_on: [a]
    "maxParallel": 2
    forEach: [1, 2]
    when: inputs.x == 1
    run: [echo, hi]
    continue-on-error: true
`;
    const spelt = formatManifest({ path: "flow.yaml", text });
    expect(spelt).toMatchObject({
      ok: true,
      value: {
        renamed: [
          { key: "steps.b.maxParallel", to: "max_parallel" },
          { key: "steps.b.forEach", to: "for_each" },
        ],
        foreign: ["steps.a.timeout-minutes", "steps.b.depends_on", "steps.b.when", "steps.b.continue-on-error"],
      },
    });
    expect(formatted(text, true)).toBe(`muster: 1
name: x
steps:
  a: { run: [echo, hi], timeout: 5m }
  b:
    needs: [a]
    if: inputs.x == 1
    for_each: [1, 2]
    max_parallel: 2
    run: [echo, hi]
    on_error: continue
`);
  });

  it("says why a file is no YAML", () => {
    expect(formatManifest({ path: "flow.yaml", text: "muster: [" })).toMatchObject({
      ok: false,
      error: [{ code: "WF1001" }],
    });
  });
});

/** Every manifest of the repository, good and bad. */
const manifests = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => /^(?:workflows|test\/golden)\/.*\.yaml$/.test(path))
  .map((path) => join(root, path));

describe("every manifest of the repository", () => {
  it("means the same after formatting, and formatting it again changes nothing", () => {
    let read = 0;
    for (const path of manifests) {
      const source = { path, text: readFileSync(path, "utf8") };
      const once = formatManifest(source);
      if (!once.ok) continue;
      read += 1;
      const twice = formatManifest({ path, text: once.value.text });
      expect(twice.ok && twice.value.text, path).toBe(once.value.text);
      const lines = (text: string): string[] =>
        text
          .split(/[\s,{}]+/)
          .filter(Boolean)
          .sort();
      // Nothing but places changed: not a word went missing.
      if (once.value.renamed.length === 0) expect(lines(once.value.text), path).toEqual(lines(source.text));
    }
    expect(read).toBeGreaterThan(100);
  });

  it("of the examples is formatted already", () => {
    for (const path of manifests.filter((each) => each.startsWith(join(root, "workflows/")))) {
      const text = readFileSync(path, "utf8");
      if (!/^muster:/m.test(text)) continue;
      expect(formatted(text), path).toBe(text);
    }
  });
});
