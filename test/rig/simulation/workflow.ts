import type { Json, JsonObject } from "../../../src/util/json.ts";
import type { Draw } from "./draw.ts";
import { Author, type Temper } from "./author.ts";

/** A workflow with those that it uses, by path; `workflow.yaml` is the one at the top. */
export interface SimulatedWorkflow {
  readonly files: { readonly [path: string]: JsonObject };
  readonly temper: Temper;
}

const FAST = "anthropic/claude-haiku-5-5";
/** What the agent is told whose budget is watched. */
export const OTHER = "You are the other one.";
const STRONG = "anthropic/claude-sonnet-5-5";

/** A valid workflow of 5 to 200 steps, small ones more often: of every layer, in every order. */
export function workflowOf(draw: Draw): SimulatedWorkflow {
  const isCalm = draw.chance(0.65);
  const most = draw.chance(0.1) ? 40 : 5;
  const steps = Math.round(5 * most ** (draw.among(1000) / 1000));
  const temper: Temper = { isCalm, breaks: draw.one([0, 0.03, 0.1, 0.25, 0.4]) };
  const files: { [path: string]: JsonObject } = {};
  const children: string[] = [];
  const budget = isCalm ? ROOMY : tight;
  for (let child = 0; child < draw.among(4) - 1; child += 1) {
    const path = `./child${child}.yaml`;
    const author = new Author(draw, temper, [...children], `c${child}_`);
    const inner = author.scope(Math.min(steps, 2 + draw.among(5)), true);
    files[path.slice(2)] = {
      muster: 1,
      name: `child${child}`,
      inputs: { topic: { type: "string" } },
      ...(draw.chance(0.4) ? { limits: { budget: isCalm ? budget(draw) : part(budget(draw)) } } : {}),
      agents: agents(draw, budget, `child${child}`),
      steps: inner.steps,
      outputs: { text: inner.last },
    };
    children.push(path);
  }
  const author = new Author(draw, temper, children, "s");
  const { steps: body } = author.scope(steps, false);
  const finals = draw.chance(0.3) ? author.finals() : null;
  files["workflow.yaml"] = {
    muster: 1,
    name: "simulated",
    inputs: { flag: { type: "boolean" } },
    agents: agents(draw, budget, null),
    limits: {
      concurrency: draw.among(8),
      timeout: !isCalm && draw.chance(0.1) ? "90s" : "1000h",
      grace: "20s",
      ...(draw.chance(isCalm ? 0.4 : 0.5) ? { budget: budget(draw) } : {}),
      ...(draw.chance(0.15) ? { rate: { spawns: "400/m", anthropic: { requests: "600/m" } } } : {}),
      ...(!isCalm && draw.chance(0.3)
        ? {
            circuit_breaker: {
              failures: 2 + draw.among(3),
              cooldown: "7s",
              scope: draw.one(["model", "agent", "run"]),
            },
          }
        : {}),
    },
    defaults: { timeout: "1m" },
    steps: body,
    ...(finals === null ? {} : { finally: finals }),
    outputs: { all: Object.keys(body).map((id) => `\${{ steps.${id}.output }}`) },
  };
  return { files, temper };
}

type Budgeting = (draw: Draw) => JsonObject;

/** Never in the way, but counted. */
const ROOMY: Budgeting = () => ({ calls: 1_000_000, tokens: 10_000_000_000, usd: 1_000_000 });

/** Soon spent; small enough at times that calls wait for each other. */
const tight: Budgeting = (draw) => ({
  ...(draw.chance(0.5) ? { calls: 3 + draw.among(60) } : { tokens: 10_000 * draw.among(20) }),
  on_exceeded: draw.one(["fail", "pause"]),
});

/** A small part of a budget: what uses of a workflow may spend, each for itself. */
function part({ calls, tokens, ...more }: JsonObject): JsonObject {
  const parts = { calls: Math.ceil(Number(calls) / 16), tokens: Math.ceil(Number(tokens) / 20) };
  return { ...more, ...(calls === undefined ? { tokens: parts.tokens } : { calls: parts.calls }) };
}

function agents(draw: Draw, budget: Budgeting, child: string | null): { readonly [name: string]: Json } {
  return {
    one: { model: FAST, max_tokens: 1000 },
    other: {
      model: [STRONG, FAST],
      instructions: child === null ? OTHER : `You are the other one of ${child}.`,
      max_tokens: 800,
      ...(child === null && draw.chance(0.3) ? { budget: budget(draw) } : {}),
    },
    handy: {
      model: FAST,
      tools: ["state_get", "state_set"],
      permissions: { state: "write" },
      max_turns: 5,
      max_tokens: 500,
    },
  };
}
