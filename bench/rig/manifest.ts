/** The text of a manifest whose steps are agents that do nothing: in the bench a stand-in answers for them at once. */
function manifest(steps: readonly string[], concurrency: number): string {
  return [
    "muster: 1",
    "name: bench",
    `limits: { concurrency: ${concurrency}, timeout: 24h }`,
    "agents: { nobody: { model: anthropic/claude-haiku-5-5 } }",
    "steps:",
    ...steps,
    "",
  ].join("\n");
}

const named = (length: number, step: (index: number) => string): string[] =>
  Array.from({ length }, (_, index) => step(index));

/** Each step reads the output of the one before: one after the other, a commit for each. */
export function chain(length: number): string {
  const steps = named(
    length,
    (i) => `  s${i}: { agent: nobody, task: "${i === 0 ? "go" : `{{ steps.s${i - 1}.output }}`}" }`,
  );
  return manifest(steps, 8);
}

/** One step for each item of a list. */
export function fan(items: number, concurrency: number): string {
  const step = `  each: { for_each: "\${{ inputs.list }}", max_items: ${items}, agent: nobody, task: "Do {{ item }}" }`;
  return manifest([step], concurrency).replace(
    "steps:",
    "inputs: { list: { type: array, items: { type: integer } } }\nsteps:",
  );
}

/** Layers of steps, each of which needs two of the layer before. */
export function layers(count: number, width: number, concurrency: number): string {
  const steps = named(count * width, (i) => {
    const [layer, place] = [Math.floor(i / width), i % width];
    const needs = layer === 0 ? "" : `, needs: [s${i - width}, s${(layer - 1) * width + ((place + 1) % width)}]`;
    return `  s${i}: { agent: nobody, task: "Go"${needs} }`;
  });
  return manifest(steps, concurrency);
}
