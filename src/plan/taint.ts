import { referencesOf } from "../expression/references.ts";
import type { Template } from "../expression/template.ts";
import { bringFromOutside, changeSomething } from "./agent-tools.ts";
import { isJsonObject, type Json, type JsonSchema } from "../util/json.ts";
import { Before } from "./before.ts";
import { bodyTemplates } from "./body-templates.ts";
import { topologicalOrder } from "./graph.ts";
import { holdsUp, isSure, surelyBefore } from "./guard.ts";
import { teamOfStep } from "./team.ts";
import {
  stateReads,
  type AgentBody,
  type Plan,
  type PlannedScope,
  type PlannedStep,
  type PlannedTools,
} from "./types.ts";

/** A step whose output comes from outside and may be written by anybody. */
export interface TaintSource {
  readonly scope: number;
  readonly step: number;
  readonly id: string;
  /** It was said in a session, which may have heard anything. */
  readonly isSession: boolean;
}

/** Where such a value must not arrive unseen. `part` are keys below the step: `["run"]`, `["http", "body"]`. */
export interface TaintSink {
  readonly kind: "program" | "agent" | "request" | "sql" | "state" | "tool";
  readonly part: readonly string[];
}

/** A value from outside that reaches a sink without an approval between (SEMANTICS.md, "Secrets, templates, trust"). */
export interface TaintFinding extends TaintSink {
  readonly source: TaintSource;
  readonly scope: number;
  readonly step: number;
}

/** The way of every value from outside through a plan. Pure; a scope that several steps use is gone through for each. */
export function findTaint(plan: Plan): readonly TaintFinding[] {
  if (!plan.scopes.some(({ steps }) => steps.some((step) => isSource(plan, step)))) return [];
  return new Flow(plan).findings();
}

/** Whose output anybody on the network may have written. */
function isSource(plan: Plan, step: PlannedStep): boolean {
  return (
    isSession(step) || step.body.kind === "http" || isDriven(plan, step) || bringFromOutside(toolsOfStep(plan, step))
  );
}

/** What a session was told before, nobody here knows. */
function isSession({ body }: PlannedStep): boolean {
  return body.kind === "agent" && body.session !== undefined;
}

/** A program answers: what it may read and do, nobody here knows. */
function isDriven(plan: Plan, step: PlannedStep): boolean {
  return teamOfStep(plan, step).some((name) => plan.agents[name]?.driver !== undefined);
}

/** The tools of all agents that may come to work for a step. */
function toolsOfStep(plan: Plan, step: PlannedStep): readonly PlannedTools[] {
  return teamOfStep(plan, step).flatMap((name) => plan.agents[name]?.tools ?? []);
}

/** Kinds whose output is not made of what goes in: a person's answer, rows and values that were looked at when written. */
const silent: ReadonlySet<string> = new Set(["approval", "sql", "state"]);

/** The parts of a step that do something with what is put into them. */
function sinksOf(plan: Plan, step: PlannedStep): readonly (TaintSink & { readonly templates: readonly Template[] })[] {
  const { body } = step;
  switch (body.kind) {
    case "agent": {
      const part = body.send === undefined ? ["task"] : ["send", "message"];
      if (isDriven(plan, step)) return [{ kind: "agent", part, templates: [body.task] }];
      if (!changeSomething(toolsOfStep(plan, step))) return [];
      return [{ kind: "tool", part, templates: [body.task] }];
    }
    case "run": {
      const argv = "argv" in body.command ? body.command.argv : [];
      return [
        { kind: "program", part: ["run"], templates: argv },
        { kind: "program", part: ["env"], templates: Object.values(body.env) },
        { kind: "program", part: ["stdin"], templates: body.stdin === null ? [] : [body.stdin] },
      ];
    }
    case "http":
      if (body.method === "GET" || body.method === "HEAD") return [];
      return [
        { kind: "request", part: ["http", "url"], templates: [body.url] },
        { kind: "request", part: ["http", "headers"], templates: Object.values(body.headers) },
        { kind: "request", part: ["http", "query"], templates: Object.values(body.query) },
        { kind: "request", part: ["http", "body"], templates: body.body === null ? [] : [body.body] },
      ];
    case "sql":
      return body.isWrite ? [{ kind: "sql", part: ["sql", "params"], templates: body.params }] : [];
    case "state": {
      if (stateReads.includes(body.operation)) return [];
      const templates = [body.key, ...[body.value, body.from].filter((each) => each !== null)];
      return [{ kind: "state", part: ["state"], templates }];
    }
    default:
      return [];
  }
}

/** The key that says who does it. */
function whoOf({ session, send }: AgentBody): readonly string[] {
  if (session === undefined) return ["agent"];
  return send === undefined ? ["session"] : ["send", "to"];
}

/** What is known of the names that a scope sees beside its own steps. */
interface Around {
  /** A name that comes from outside of the scope: an input, a step around, a loop variable. */
  taintOf(path: readonly string[]): TaintSource | null;
}

class Flow {
  readonly #plan: Plan;
  readonly #found = new Map<string, TaintFinding>();
  /** Outputs of workflows by the taint of what they are given: nobody goes through one twice for the same. */
  readonly #known = new Map<string, (name: string) => TaintSource | null>();

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  findings(): readonly TaintFinding[] {
    this.#scope(0, { taintOf: () => null });
    return [...this.#found.values()];
  }

  /** Goes through a scope; gives the taint of its outputs. */
  #scope(number: number, around: Around): (name: string) => TaintSource | null {
    const scope = this.#plan.scopes[number];
    if (scope === undefined) return () => null;
    const view = new ScopeFlow(scope, around);
    for (const index of topologicalOrder(scope)) this.#step(number, view, index);
    return (name) => {
      const template = Object.hasOwn(scope.outputs, name) ? scope.outputs[name] : undefined;
      return template === undefined ? null : view.taintOf([template], null);
    };
  }

  #namesOf(scope: number): readonly string[] {
    return Object.keys(this.#plan.scopes[scope]?.outputs ?? {});
  }

  #step(scope: number, view: ScopeFlow, index: number): void {
    const step = view.scope.steps[index] as PlannedStep;
    const { body } = step;
    for (const { kind, part, templates } of sinksOf(this.#plan, step)) {
      const source = view.taintOf(templates, index);
      if (source === null) continue;
      const key = [scope, index, ...part, source.scope, source.step].join(" ");
      this.#found.set(key, { kind, part, source, scope, step: index });
    }
    if (isSource(this.#plan, step)) {
      const source = { scope, step: index, id: step.id, isSession: isSession(step) };
      view.set(index, source);
      // What it reads may make it do what its other tools can.
      if (body.kind === "agent" && changeSomething(toolsOfStep(this.#plan, step)))
        this.#found.set(`${scope} ${index} agent`, { kind: "tool", part: whoOf(body), source, scope, step: index });
    } else if (body.kind === "steps") {
      const outputs = this.#scope(body.scope, { taintOf: (path) => view.taintOfPath(path, index) });
      view.setFields(index, this.#namesOf(body.scope), outputs);
    } else if (body.kind === "uses") {
      const given = new Map(
        Object.entries(body.with).map(([name, template]) => [name, view.taintOf([template], index)] as const),
      );
      const key = `${body.scope} ${[...given].map(([name, source]) => `${name}=${source?.scope}.${source?.step}`).join(" ")}`;
      let outputs = this.#known.get(key);
      if (outputs === undefined) {
        const taintOf = ([root, name = ""]: readonly string[]) =>
          root === "inputs" ? (given.get(name) ?? null) : null;
        this.#known.set(key, (outputs = this.#scope(body.scope, { taintOf })));
      }
      view.setFields(index, this.#namesOf(body.scope), outputs);
    } else if (!silent.has(body.kind)) {
      // What a program, a model or an expression makes of it is no better than what went in.
      view.set(index, view.taintOf(bodyTemplates(this.#plan, step), index));
    }
  }
}

/** The steps of one scope and what their outputs carry. */
class ScopeFlow {
  readonly scope: PlannedScope;
  readonly #around: Around;
  readonly #indexOf: ReadonlyMap<string, number>;
  readonly #outputs = new Map<number, (field: string | undefined) => TaintSource | null>();
  /** What must have succeeded before a step can start. */
  readonly #needed: Before;
  /** What has ended before a step can start, whether it succeeded or not. */
  readonly #ended: Before;
  /** Approvals that nothing gets past when they are refused. */
  readonly #approvals: readonly number[];

  constructor(scope: PlannedScope, around: Around) {
    this.scope = scope;
    this.#around = around;
    this.#indexOf = new Map(scope.steps.map(({ id }, index) => [id, index]));
    const sure = scope.steps.map(surelyBefore);
    this.#needed = new Before(scope.steps.length, (step) => sure[step] as readonly number[]);
    this.#ended = new Before(scope.steps.length, (step) => {
      const { needs } = scope.steps[step] as PlannedStep;
      const only = needs[0];
      if (needs.length === 1 && only !== undefined) return isSure(only) ? only.of : [];
      return needs.filter(isSure).flatMap(({ of }) => of);
    });
    this.#approvals = scope.steps.flatMap((step, index) => (holdsUp(step) ? [index] : []));
  }

  set(index: number, source: TaintSource | null): void {
    if (source !== null) this.#outputs.set(index, () => source);
  }

  /** The output is a map with these fields, of which each has its own source. */
  setFields(index: number, names: readonly string[], sourceOf: (field: string) => TaintSource | null): void {
    const any = names.map(sourceOf).find((source) => source !== null) ?? null;
    if (any === null) return;
    const isList = this.scope.steps[index]?.fan !== null;
    this.#outputs.set(index, (field) => (field === undefined || isList ? any : sourceOf(field)));
  }

  /** The first source among what templates read for a step (null: for the outputs of the scope). */
  taintOf(templates: readonly Template[], reader: number | null): TaintSource | null {
    for (const template of templates) {
      for (const { path } of referencesOf(template)) {
        const source = this.taintOfPath(path, reader);
        if (source !== null) return source;
      }
    }
    return null;
  }

  taintOfPath(path: readonly string[], reader: number | null): TaintSource | null {
    const [root, id = ""] = path;
    if (root === "steps") {
      const index = this.#indexOf.get(id);
      if (index !== undefined) return this.#isSeen(reader, index) ? null : this.#read(index, path.slice(2));
    } else if (reader !== null && ["item", "items", "matrix"].includes(root ?? "")) {
      const fan = this.scope.steps[reader]?.fan;
      if (fan && fan.variable === root) return this.taintOf([fan.items], reader);
    }
    return this.#isSeen(reader, null) ? null : this.#around.taintOf(path);
  }

  #read(index: number, [field, ...inside]: readonly string[]): TaintSource | null {
    if (field !== undefined && !["output", "results", "failed", "stderr", "error"].includes(field)) return null;
    const step = this.scope.steps[index];
    if (step?.fan === null && field === "output" && isClosed(step.output, inside)) return null;
    return this.#outputs.get(index)?.(field === "output" ? inside[0] : undefined) ?? null;
  }

  /** An approval stands between: the reader cannot start without one, and that one comes after what is read (null: what is outside is there before). */
  #isSeen(reader: number | null, read: number | null): boolean {
    if (reader === null) return false;
    return this.#approvals.some(
      (index) => this.#needed.has(reader, index) && (read === null || this.#ended.has(index, read)),
    );
  }
}

/** True where a schema leaves no room for a text of somebody else: numbers, booleans, values that are listed. */
function isClosed(schema: JsonSchema | null, path: readonly string[]): boolean {
  let at: Json | undefined = schema;
  for (const name of path) {
    const properties: Json | undefined = isJsonObject(at) ? at["properties"] : undefined;
    at = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  }
  if (!isJsonObject(at)) return false;
  if (Array.isArray(at["enum"]) || Object.hasOwn(at, "const")) return true;
  const types: readonly Json[] = Array.isArray(at["type"]) ? at["type"] : [at["type"] ?? null];
  return types.every((type) => typeof type === "string" && ["boolean", "integer", "number", "null"].includes(type));
}
