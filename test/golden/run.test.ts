import { mkdtempSync, mkdirSync, readFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { createSourceReader } from "../../src/compose/source-reader.ts";
import { renderDiagnostics } from "../../src/diagnostic/render.ts";
import { startRun } from "../../src/engine/local/start.ts";
import { compile } from "../../src/plan/compile.ts";
import { estimate } from "../../src/plan/estimate.ts";
import { resolveInputs } from "../../src/plan/input.ts";
import { noChoice } from "../../src/plan/model-choice.ts";
import { renderText } from "../../src/plan/render/text.ts";
import type { Plan } from "../../src/plan/types.ts";
import type { StoredEvent } from "../../src/run/event.ts";
import { ANSWER, answerJson, type Answer } from "../../src/run/answer.ts";
import type { Store } from "../../src/store/store.ts";
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/util/json.ts";
import { createSchemaCheck } from "../../src/util/schema-check.ts";
import { createFakeClock, FAKE_START_MS } from "../rig/clock.ts";
import { reportOf, started, surroundings } from "../rig/engine/launch.ts";
import { createScriptedProvider, type ScriptedAnswer, type ScriptedCall } from "../rig/scripted-provider.ts";
import { casesOf, expectGolden, readWorkflow } from "./golden-file.ts";

/** `script.yaml` of a case: what the world does. */
interface Script {
  readonly inputs?: JsonObject;
  readonly secrets?: { readonly [name: string]: string };
  /** The model's answers; each must be asked for, and nothing else may be. */
  readonly answers?: readonly ScriptedAnswer[];
  /** Files of the workspace, by path. */
  readonly files?: { readonly [path: string]: string };
  /** What people say to approvals, each at its time. */
  readonly people?: readonly (Pick<Answer, "path" | "verdict" | "by"> & { readonly at_ms: number; readonly comment?: string; readonly input?: Json })[];
  /** Somebody stops the run (`step` null) or a step at this time. */
  readonly kill?: { readonly atMs: number; readonly step: string | null };
}

const suite = "run";
let workspace: string;

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "muster-golden-"));
  mkdirSync(join(workspace, "docs"));
});
afterEach(() => rmSync(workspace, { recursive: true }));

/** Leaves an answer for the run, as `muster approve` does. */
function answer(store: Store, said: Omit<Answer, "at" | "request" | "comment" | "input"> & Partial<Answer>, at: number): void {
  const request = [...store.readEvents("R")].findLast(({ type, data }) => type === "approval.requested" && data?.["path"] === said.path)?.data?.["request"];
  if (typeof request !== "string") throw new Error(`nobody asks ${said.path} at ${at - FAKE_START_MS} ms`);
  store.post("R", { at, kind: ANSWER, body: answerJson({ comment: null, input: null, ...said, request, at }) });
}

describe("a run of", () => {
  it.each(casesOf(suite))("%s", async (name) => {
    const plan = planOf(name);
    const script = scriptOf(name);
    for (const [path, text] of Object.entries(script.files ?? {})) writeFileSync(join(workspace, path), text);
    const clock = createFakeClock();
    const store = createMemoryStore({ clock });
    const provider = createScriptedProvider(script.answers ?? [], clock);
    const inputs = resolveInputs(plan, script.inputs ?? {}, createSchemaCheck());
    if (!inputs.ok) throw new Error(inputs.error.join("\n"));
    const told: StoredEvent[] = [];
    const around = surroundings({ store, clock, provider, workspace, secrets: script.secrets ?? {}, onEvents: (events) => told.push(...events) });

    const run = started(startRun({ runId: "R", plan, manifestPath: "workflow.yaml", inputs: inputs.value, choice: {} }, around));
    for (const { at_ms: atMs, ...said } of script.people ?? []) clock.after(atMs, () => answer(store, said, clock.now()));
    if (script.kill !== undefined) clock.after(script.kill.atMs, () => run.kill(script.kill?.step ?? null));
    const outcome = await run.done;

    expect(provider.problems()).toEqual([]);
    expect(told).toEqual([...store.readEvents("R")]);
    expectGolden(suite, name, "plan.txt", renderText(plan, estimate(plan), "workflow.yaml"));
    expectGolden(suite, name, "events.txt", told.map((event) => `${eventLine(event)}\n`).join(""));
    if (provider.calls.length > 0) expectGolden(suite, name, "requests.yaml", yaml(provider.calls.map(requestOf)));
    expectGolden(suite, name, "report.yaml", yaml(timeless(reportOf(plan, store, "R", outcome))));
  });
});

function planOf(name: string): Plan {
  const source = { path: "workflow.yaml", text: readWorkflow(suite, name) };
  const path = join(import.meta.dirname, suite, name, source.path);
  const compiled = compile(source, noChoice, createSourceReader(path, source.path, { env: {}, isFrozen: true }));
  if (!compiled.ok) throw new Error(compiled.error);
  const { plan, diagnostics, sources } = compiled.value;
  if (plan === null) throw new Error(renderDiagnostics(diagnostics, sources));
  return plan;
}

function scriptOf(name: string): Script {
  const path = join(import.meta.dirname, suite, name, "script.yaml");
  return existsSync(path) ? (parse(readFileSync(path, "utf8")) as Script) : {};
}

/** `1.5s  attempt.failed  draft[2] attempt 1  class=server ...`: fake time, and all that does not change by itself. */
function eventLine({ at, type, step, item, attempt, data = {} }: StoredEvent): string {
  const place = `${step ?? ""}${item === undefined ? "" : `[${item}]`}${attempt === undefined ? "" : ` attempt ${attempt}`}`;
  const more = Object.entries(data)
    .filter(([key, value]) => !["plan", "plan_digest", "duration_ms"].includes(key) && !(key.startsWith("cache_") && value === 0))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const time = `${((at - FAKE_START_MS) / 1000).toFixed(3)}s`;
  return [time.padStart(9), type.padEnd(17), place, ...more].filter((part) => part !== "").join("  ").trimEnd();
}

function requestOf({ request, context }: ScriptedCall): Json {
  const { model, system, messages, maxTokens, temperature, effort, outputSchema } = request;
  return {
    step: context.step,
    attempt: context.attempt,
    model,
    max_tokens: maxTokens,
    ...(temperature === null ? {} : { temperature }),
    ...(effort === null ? {} : { effort }),
    ...(system === null ? {} : { system }),
    messages: messages.map(({ role, text }) => ({ [role]: text })),
    ...(outputSchema === null ? {} : { schema: outputSchema as Json }),
  };
}

const VOLATILE: ReadonlySet<string> = new Set(["run_id", "manifest_digest", "started_at", "finished_at", "duration_ms"]);

/** The report without what differs from run to run; in steps and items what is null, false or 0 is left out. */
function timeless(report: JsonObject): JsonObject {
  return { ...without(report), steps: shortenedSteps(report["steps"] as StepsJson) };
}

type StepsJson = { readonly [path: string]: JsonObject };

function shortenedSteps(steps: StepsJson): JsonObject {
  return Object.fromEntries(Object.entries(steps).map(([path, step]) => [path, shortened(step)]));
}

function shortened(step: JsonObject): JsonObject {
  const results = step["results"] as readonly JsonObject[] | null;
  return withoutNothing({ ...without(step), results: results === null ? null : results.map(shortenedItem) });
}

function shortenedItem(item: JsonObject): JsonObject {
  const { steps, ...rest } = item;
  return { ...withoutNothing(rest), ...(steps === undefined ? {} : { steps: shortenedSteps(steps as StepsJson) }) };
}

function withoutNothing(value: JsonObject): JsonObject {
  const isTold = ([key, entry]: [string, Json]): boolean => key === "index" || key === "item" || !(entry === null || entry === false || entry === 0);
  return Object.fromEntries(Object.entries(value).filter((entry) => isTold(entry)));
}

function without(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([key]) => !VOLATILE.has(key));
  return Object.fromEntries(kept.map(([key, entry]) => [key, key === "usage" && isJsonObject(entry) ? oneLine(entry) : entry]));
}

/** `calls=1 input_tokens=100 ...`: what was used, without the zeros. */
function oneLine(usage: JsonObject): string {
  const used = Object.entries(usage).filter(([, count]) => count !== 0);
  return used.length === 0 ? "none" : used.map(([name, count]) => `${name}=${JSON.stringify(count)}`).join(" ");
}

function yaml(value: Json): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
