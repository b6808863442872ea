import type { StoredEvent } from "../../run/event.ts";
import type { Span } from "./span.ts";
import { spanIdOf } from "./trace-id.ts";

export interface SpanTreeOptions {
  readonly runId: string;
  readonly workflow: { readonly name: string; readonly version: string | null };
  /** The agent of the step at a path without indices; null = the step has none. */
  readonly agentOf: (path: string) => string | null;
}

type Attributes = { [name: string]: string | number | boolean };

interface Open {
  readonly id: string;
  readonly parentId: string | null;
  readonly name: string;
  readonly startMs: number;
  readonly attributes: Attributes;
}

/**
 * Makes spans of committed events: run > step > attempt > calls of models and tools, named and described by the GenAI
 * semantic conventions of OpenTelemetry. No prompt, answer, argument or message is in them. Each start of a run (the
 * first, and each resume) has a span of its own in the run's one trace.
 */
export class SpanTree {
  readonly #o: SpanTreeOptions;
  #run: Open | null = null;
  readonly #steps = new Map<string, Open>();
  /** By step and item. */
  readonly #attempts = new Map<string, Open>();
  readonly #tools = new Map<string, Open>();
  #lastMs = 0;

  constructor(options: SpanTreeOptions) {
    this.#o = options;
  }

  /** The spans that end with an event. */
  take(event: StoredEvent): readonly Span[] {
    this.#lastMs = event.at;
    switch (event.type) {
      case "run.started":
        this.#startRun(event);
        return [];
      case "run.finished":
      case "run.interrupted":
        return this.#endRun(event);
      case "step.started":
        this.#startStep(event);
        return [];
      case "step.succeeded":
      case "step.failed":
      case "step.skipped":
      case "step.cancelled":
        return this.#endStep(event);
      case "attempt.started":
        return this.#startAttempt(event);
      case "attempt.failed":
        return this.#endAttempt(unitOf(event), event, event);
      case "item.succeeded":
      case "item.failed":
        return this.#endAttempt(unitOf(event), event, event.type === "item.failed" ? event : null);
      case "model.called":
        return [this.#modelCall(event)];
      case "tool.called":
        this.#startTool(event);
        return [];
      case "tool.finished":
      case "tool.denied":
        return this.#endTool(event);
      default:
        return [];
    }
  }

  /** The span of the attempt that is under way in a unit; null = there is none. */
  attemptSpan(step: string, item: number | null): string | null {
    return this.#attempts.get(unitKey(step, item))?.id ?? null;
  }

  /** Ends whatever is open, as when a run waits for a person and its process ends. */
  end(): readonly Span[] {
    const open = [...this.#tools.values(), ...this.#attempts.values(), ...this.#steps.values()];
    if (this.#run !== null) open.push(this.#run);
    this.#forget();
    return open.map((each) => finished(each, this.#lastMs, "unset", {}));
  }

  #startRun({ seq, at, data = {} }: StoredEvent): void {
    const { runId, workflow } = this.#o;
    this.#run = {
      id: spanIdOf(runId, `run ${seq}`),
      parentId: null,
      name: `invoke_workflow ${workflow.name}`,
      startMs: at,
      attributes: {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": workflow.name,
        "muster.run.id": runId,
        ...(workflow.version === null ? {} : { "muster.workflow.version": workflow.version }),
        ...numbers(data, { epoch: "muster.run.epoch" }),
      },
    };
  }

  #endRun(event: StoredEvent): readonly Span[] {
    const status = event.type === "run.interrupted" ? "interrupted" : text(event, "status");
    const more = { "muster.run.status": status, ...(status === "failed" ? errorType(event) : {}) };
    return this.end().map((span) =>
      span.parentId === null
        ? { ...span, status: statusOf(status), attributes: { ...span.attributes, ...more } }
        : span,
    );
  }

  #startStep(event: StoredEvent): void {
    const { seq, at, step = "" } = event;
    this.#steps.set(step, {
      id: spanIdOf(this.#o.runId, `step ${seq}`),
      parentId: this.#around(step),
      name: `step ${step}`,
      startMs: at,
      attributes: { "muster.step": step, "muster.step.kind": text(event, "kind") },
    });
  }

  #endStep(event: StoredEvent): readonly Span[] {
    const { step = "" } = event;
    const open = this.#steps.get(step);
    if (open === undefined) return [];
    this.#steps.delete(step);
    const isFailed = event.type === "step.failed";
    const units = [...this.#attempts.keys()].filter((key) => key === step || key.startsWith(`${step}[`));
    const attempts = units.flatMap((key) => this.#endAttempt(key, event, isFailed ? event : null));
    const status = event.type.slice("step.".length);
    const end = finished(open, event.at, statusOf(status), {
      "muster.step.status": status,
      ...(isFailed ? errorType(event) : {}),
    });
    return [...attempts, end];
  }

  #startAttempt(event: StoredEvent): readonly Span[] {
    const { seq, at, step = "", item, attempt = 1 } = event;
    const key = unitOf(event);
    // The one before ended without a word: the runner died, or it was stopped.
    const before = this.#endAttempt(key, event, null);
    const agent = this.#o.agentOf(step.replaceAll(/\[\d+\]/g, ""));
    this.#attempts.set(key, {
      id: spanIdOf(this.#o.runId, `attempt ${seq}`),
      parentId: this.#steps.get(step)?.id ?? this.#around(step),
      name: agent === null ? `attempt ${key}` : `invoke_agent ${agent}`,
      startMs: at,
      attributes: {
        "muster.step": step,
        "muster.attempt": attempt,
        ...(item === undefined ? {} : { "muster.item": item }),
        ...(agent === null ? {} : { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent }),
      },
    });
    return before;
  }

  #endAttempt(key: string, { at, type }: StoredEvent, failed: StoredEvent | null): readonly Span[] {
    const open = this.#attempts.get(key);
    if (open === undefined) return [];
    this.#attempts.delete(key);
    const tools = [...this.#tools].filter(([, { parentId }]) => parentId === open.id);
    for (const [name] of tools) this.#tools.delete(name);
    const status = failed !== null ? "failed" : type.endsWith("succeeded") ? "ok" : "unset";
    return [
      ...tools.map(([, tool]) => finished(tool, at, "unset", {})),
      finished(open, at, status, failed === null ? {} : errorType(failed)),
    ];
  }

  #modelCall(event: StoredEvent): Span {
    const { seq, at, data = {} } = event;
    const [provider = "", ...asked] = text(event, "model").split("/");
    const model = asked.join("/");
    const duration = data["duration_ms"];
    const count = (name: string): number => (typeof data[name] === "number" ? data[name] : 0);
    // The conventions count what came from the cache as input, too.
    const input = count("input_tokens") + count("cache_read_tokens") + count("cache_write_tokens");
    return {
      name: `chat ${model}`,
      id: spanIdOf(this.#o.runId, `call ${seq}`),
      parentId: this.#inUnit(event),
      isClient: true,
      startMs: at - (typeof duration === "number" ? duration : 0),
      endMs: at,
      status: "unset",
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "gen_ai.response.model": text(event, "answered").split("/").slice(1).join("/"),
        ...("input_tokens" in data ? { "gen_ai.usage.input_tokens": input } : {}),
        ...numbers(data, {
          output_tokens: "gen_ai.usage.output_tokens",
          cache_read_tokens: "gen_ai.usage.cache_read.input_tokens",
          cache_write_tokens: "gen_ai.usage.cache_creation.input_tokens",
          cost_usd: "muster.cost_usd",
        }),
      },
    };
  }

  #startTool(event: StoredEvent): void {
    const tool = text(event, "tool");
    this.#tools.set(toolKey(event), {
      id: spanIdOf(this.#o.runId, `tool ${event.seq}`),
      parentId: this.#inUnit(event),
      name: `execute_tool ${tool}`,
      startMs: event.at,
      attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool, "gen_ai.tool.type": "function" },
    });
  }

  #endTool(event: StoredEvent): readonly Span[] {
    if (!this.#tools.has(toolKey(event))) this.#startTool(event);
    const open = this.#tools.get(toolKey(event));
    if (open === undefined) return [];
    this.#tools.delete(toolKey(event));
    const isDenied = event.type === "tool.denied";
    const isFailed = isDenied || text(event, "status") === "error";
    return [
      finished(
        open,
        event.at,
        isFailed ? "failed" : "ok",
        isFailed ? { "error.type": isDenied ? "denied" : "tool" } : {},
      ),
    ];
  }

  #inUnit({ step = "", item }: StoredEvent): string | null {
    return this.attemptSpan(step, item ?? null) ?? this.#steps.get(step)?.id ?? this.#around(step);
  }

  /** The step around a path, however far out, else the run. */
  #around(path: string): string | null {
    for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
      const outer = path.slice(0, end);
      const open =
        this.#attempts.get(outer) ?? this.#steps.get(outer) ?? this.#steps.get(outer.replace(/\[\d+\]$/, ""));
      if (open !== undefined) return open.id;
    }
    return this.#run?.id ?? null;
  }

  #forget(): void {
    this.#run = null;
    for (const open of [this.#steps, this.#attempts, this.#tools]) open.clear();
  }
}

const unitKey = (step: string, item: number | null): string => (item === null ? step : `${step}[${item}]`);
const unitOf = ({ step = "", item }: StoredEvent): string => unitKey(step, item ?? null);
const toolKey = (event: StoredEvent): string =>
  `${unitOf(event)} ${text(event, "tool")} ${JSON.stringify(event.data?.["call"])}`;

function text({ data = {} }: StoredEvent, name: string): string {
  const value = data[name];
  return typeof value === "string" ? value : "";
}

/** Those of the fields that are numbers, under their other names. */
function numbers(data: NonNullable<StoredEvent["data"]>, names: { readonly [field: string]: string }): Attributes {
  return Object.fromEntries(
    Object.entries(names).flatMap(([field, name]) => {
      const value = data[field];
      return typeof value === "number" ? [[name, value]] : [];
    }),
  );
}

/** Class and code of a failure: `timeout`, `output/schema_mismatch`. */
function errorType({ data = {} }: StoredEvent): Attributes {
  const error = (data["error"] ?? data) as { readonly class?: unknown; readonly code?: unknown };
  if (typeof error.class !== "string") return {};
  return { "error.type": typeof error.code === "string" ? `${error.class}/${error.code}` : error.class };
}

function statusOf(status: string): Span["status"] {
  return status === "succeeded" ? "ok" : status === "failed" ? "failed" : "unset";
}

function finished(open: Open, endMs: number, status: Span["status"], more: Attributes): Span {
  const { id, parentId, name, startMs, attributes } = open;
  return { id, parentId, name, isClient: false, startMs, endMs, status, attributes: { ...attributes, ...more } };
}
