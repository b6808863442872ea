import { describe, expect, it } from "vitest";
import { isCode, substitutionsIn } from "../../../../src/plan/passes/check-script.ts";

describe("substitutions in a script", () => {
  it.each([
    "echo {{ inputs.name }}",
    "echo {{steps.draft.output}}",
    "echo {{{ env.X }}}",
    "echo {{ json steps.draft.output }}",
    "{{#each inputs.names}}x{{/each}}",
    "{{~#if run.id~}}x{{/if}}",
    "echo {{ item }} {{item.name}}",
    'echo {{ join item ", " }}',
    "echo {{ index }}",
    "echo ${{ inputs.name }}",
    "echo ${{ github.sha }}",
    "echo ${{ never closed",
    "echo {{ secrets.TOKEN }}",
    "echo {{ inputs['name'] }}",
  ])("finds ours in %s", (script) => {
    expect(substitutionsIn(script).length).toBeGreaterThan(0);
  });

  it.each([
    "docker ps --format '{{.Names}}'",
    "docker inspect -f '{{ index .Config.Labels \"x\" }}' c",
    "docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' c",
    "docker ps --format '{{json .}}' && kubectl get -o go-template='{{.items}}{{ $item.name }}'",
    'nomad: {{ env "HOME" }} {{ .env.HOME }} {{ printf "inputs.x" }}',
    "echo ${HOME} ${#list[@]} $((1 + 2)) {{",
    "cat <<< 'item index inputs.name'",
  ])("finds none in %s", (script) => {
    expect(substitutionsIn(script)).toEqual([]);
  });

  it("tells where each is", () => {
    const script = "echo {{ inputs.a }} ${{ inputs.b }}";
    expect(substitutionsIn(script)).toEqual([
      { text: "{{ inputs.a }}", offset: 5, length: 14 },
      { text: "${{ inputs.b }}", offset: 20, length: 15 },
    ]);
  });

  it("takes linear time for a script that never closes what it opens", () => {
    const script = "{{ inputs".repeat(200_000);
    const start = performance.now();
    expect(substitutionsIn(script)).toEqual([]);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe("arguments that are run as code", () => {
  it.each([
    [["sh", "-c", "X"], 2],
    [["/bin/bash", "-euc", "X"], 2],
    [["node", "--eval", "X"], 2],
    [["python3.12", "-c", "X"], 2],
  ] as const)("are those behind the flag of an interpreter: %j", (argv, index) => {
    expect(isCode(argv, index)).toBe(true);
  });

  it.each([
    [["sh", "-c", 'echo "$1"', "sh", "X"], 4],
    [["git", "-c", "X"], 2],
    [["node", "script.js", "X"], 2],
  ] as const)("are no others: %j", (argv, index) => {
    expect(isCode(argv, index)).toBe(false);
  });
});
