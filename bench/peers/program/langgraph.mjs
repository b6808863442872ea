// LangGraph with its checkpoints in SQLite, each written before the next step (`durability: sync`). The chain is a loop:
// as nodes of their own its steps cost more the more there are.
import { join } from "node:path";
import { ask, load, measure, timed } from "./tools.mjs";

const { Annotation, END, Send, START, StateGraph } = await load("langgraph", "@langchain/langgraph");
const { SqliteSaver } = await load("langgraph", "@langchain/langgraph-checkpoint-sqlite");
const State = Annotation.Root({ n: Annotation({ reducer: (a, b) => a + b, default: () => 0 }) });

const run = (graph, { folder, size }, more = {}) => {
  const app = graph.compile({ checkpointer: SqliteSaver.fromConnString(join(folder, "state.db")) });
  const config = { configurable: { thread_id: "1" }, recursionLimit: size + 10, durability: "sync", ...more };
  return timed(() => app.invoke({ n: 0 }, config));
};
const fanOf = (size, work) =>
  new StateGraph(State)
    .addNode("each", work)
    .addConditionalEdges(START, () => Array.from({ length: size }, () => new Send("each", { n: 0 })))
    .addEdge("each", END);

await measure({
  chain: (told) =>
    run(
      new StateGraph(State)
        .addNode("step", () => ({ n: 1 }))
        .addEdge(START, "step")
        .addConditionalEdges("step", ({ n }) => (n < told.size ? "step" : END)),
      told,
    ),
  fan: (told) =>
    run(
      fanOf(told.size, () => ({ n: 1 })),
      told,
      { maxConcurrency: 64 },
    ),
  calls: (told) =>
    run(
      fanOf(told.size, async () => {
        await ask(told.url);
        return { n: 1 };
      }),
      told,
      { maxConcurrency: 20 },
    ),
  layers(told) {
    const graph = new StateGraph(State);
    const width = 20;
    for (let i = 0; i < told.size; i += 1) graph.addNode(`s${i}`, () => ({ n: 1 }));
    for (let i = 0; i < told.size; i += 1) {
      const layer = Math.floor(i / width);
      if (layer === 0) graph.addEdge(START, `s${i}`);
      else graph.addEdge([`s${i - width}`, `s${(layer - 1) * width + ((i + 1) % width)}`], `s${i}`);
    }
    return run(graph, told);
  },
});
