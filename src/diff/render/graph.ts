import { mermaidLabel } from "../../plan/render/mermaid-label.ts";
import type { Plan } from "../../plan/types.ts";
import type { WorkflowDiff } from "../change.ts";
import { meaningOf } from "../meaning.ts";

/** Steps that are drawn at most: more of them nobody sees, and a page does not draw. */
const MOST_NODES = 120;

interface Node {
  readonly path: string;
  readonly kind: string;
  readonly needs: readonly string[];
}

/**
 * The steps before and after in one Mermaid flowchart, ending in a line feed: what is new, gone and changed has a colour
 * of its own. A large workflow is drawn as its changed steps and those next to them, and says so.
 */
export function renderDiffGraph(diff: WorkflowDiff, before: Plan | null, after: Plan | null): string {
  const changes = new Map(diff.steps.map(({ name, change }) => [name, change]));
  const renamed = new Map(diff.steps.flatMap(({ name, from }) => (from === null ? [] : [[from, name] as const])));
  const nodes = new Map<string, Node>();
  for (const plan of [after, before]) {
    if (plan === null) continue;
    for (const [path, { kind, needs }] of meaningOf(plan).steps)
      if (!nodes.has(path) && !renamed.has(path)) nodes.set(path, { path, kind, needs });
  }
  const shown = choose([...nodes.values()], changes);
  const numbers = new Map(shown.map(({ path }, index) => [path, `n${index}`]));
  const lines = ["flowchart TD"];
  for (const { path, kind } of shown)
    lines.push(`  ${numbers.get(path) ?? ""}["${mermaidLabel(path)}<br/>${mermaidLabel(kind)}"]`);
  for (const { path, needs } of shown) {
    const prefix = path.slice(0, path.lastIndexOf("/") + 1);
    for (const need of needs.flatMap((each) => each.replace(/^\d+ of /, "").split(", "))) {
      const from = numbers.get(`${prefix}${need}`);
      if (from !== undefined) lines.push(`  ${from} --> ${numbers.get(path) ?? ""}`);
    }
  }
  if (shown.length < nodes.size) lines.push(`  more["and ${nodes.size - shown.length} more steps that are not drawn"]`);
  const styles = {
    added: "#d1fae5,stroke:#047857",
    removed: "#fee2e2,stroke:#b91c1c",
    changed: "#fef3c7,stroke:#b45309",
  };
  for (const [change, fill] of Object.entries(styles)) {
    const having = shown.flatMap(({ path }) => {
      const own = changes.get(path);
      return own === change || (own === "renamed" && change === "changed") ? [numbers.get(path) ?? ""] : [];
    });
    if (having.length > 0)
      lines.push(`  classDef ${change} fill:${fill},color:#111827`, `  class ${having.join(",")} ${change}`);
  }
  return `${lines.join("\n")}\n`;
}

function choose(nodes: readonly Node[], changes: ReadonlyMap<string, string>): readonly Node[] {
  if (nodes.length <= MOST_NODES) return nodes;
  const changed = nodes.filter(({ path }) => changes.has(path));
  const near = new Set(
    changed.flatMap(({ path, needs }) => needs.map((need) => path.slice(0, path.lastIndexOf("/") + 1) + need)),
  );
  return [...changed, ...nodes.filter(({ path }) => near.has(path) && !changes.has(path))].slice(0, MOST_NODES);
}
