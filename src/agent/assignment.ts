import type { PlannedModel } from "../plan/types.ts";
import type { Message, Provider } from "../provider/provider.ts";
import type { EventType } from "../run/event.ts";
import type { Failure } from "../run/failure.ts";
import type { Redactor } from "../run/redact.ts";
import type { Json, JsonSchema } from "../util/json.ts";
import type { SchemaCheck } from "../util/schema-check.ts";
import type { CallSurroundings } from "./model-call.ts";
import type { Spend } from "./spend.ts";
import type { ToolJournal } from "./tool-journal.ts";
import type { Toolbox } from "./toolbox.ts";

/** One task for one agent, everything resolved. */
export interface Task {
  readonly system: string | null;
  readonly prompt: string;
  /** In order of preference, never empty. */
  readonly models: readonly PlannedModel[];
  /** null = text. */
  readonly output: JsonSchema | null;
  /** Its calls go through batch endpoints: at their price, and the answers may take a day. */
  readonly isBatch: boolean;
  /** What it may call, and in how many turns it must be done; left out = it has no tools, and one turn. */
  readonly tools?: Toolbox;
  /** The turns of the conversation before this one, each from `user` to `assistant`; left out = it begins here. */
  readonly before?: readonly (readonly Message[])[];
  /** The last reply is a fact of its own as well: what is told of the conversation comes before the end of the attempt. */
  readonly keepsLast?: boolean;
}

export interface TaskSurroundings extends Omit<CallSurroundings, "requestDigest" | "deferral"> {
  /** Who answers for a model. */
  readonly providerFor: (model: PlannedModel) => Provider;
  readonly check: SchemaCheck;
  readonly redactor: Redactor;
  readonly calls: {
    recall(n: number, fingerprint: string): Json | null;
    record(n: number, fingerprint: string, reply: Json, spend: Spend): void;
    ticket(n: number, fingerprint: string): Json | null;
    keepTicket(n: number, fingerprint: string, ticket: Json | null, isLasting: boolean): void;
    commit(): boolean;
  };
  readonly toolCalls: ToolJournal;
  /** What people say to the agent before its n-th call, from 1: the same whenever it is asked. */
  steering(n: number): readonly string[];
  pause(until: Promise<unknown>): Promise<boolean>;
  away(what: { readonly request: string; readonly message: string }): void;
  event(type: EventType, data: { readonly [name: string]: Json }): void;
}

/** What came of a task. The spend is that of this attempt's calls that are not recorded as facts of their own. */
export type TaskResult = Spend &
  (
    | {
        readonly ok: true;
        readonly output: Json;
        /** All that was said in this turn, from the prompt to the answer; left out where `keepsLast` is not asked for. */
        readonly said?: readonly Message[];
      }
    | { readonly ok: false; readonly failure: Failure }
  );
