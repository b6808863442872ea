import { memoryToolJournal, noTickets } from "../../rig/call-journal.ts";
import { sleep } from "../../../src/util/sleep.ts";
import { openGate } from "../../../src/agent/call-gate.ts";
import type { Spend } from "../../../src/agent/spend.ts";
import type { Task, TaskSurroundings } from "../../../src/agent/assignment.ts";
import type { CallSurroundings } from "../../../src/agent/model-call.ts";
import type { EventType } from "../../../src/run/event.ts";
import { createRedactor } from "../../../src/run/redact.ts";
import type { Json } from "../../../src/util/json.ts";
import { createSchemaCheck } from "../../../src/util/schema-check.ts";
import { createFakeClock } from "../../rig/clock.ts";
import { createScriptedProvider, type ScriptedAnswer, type ScriptedProvider } from "../../rig/scripted-provider.ts";
import { modelOf } from "../plan/fixture.ts";

export const fast = modelOf("anthropic/fast", {
  price: { input: 1_000_000, output: 0, cacheRead: null, cacheWrite: null },
});
export const strong = modelOf("anthropic/strong", {
  price: { input: 10_000_000, output: 0, cacheRead: null, cacheWrite: null },
});

/** A task of text for one model; `more` changes parts of it. */
export function taskOf(more: Partial<Task> = {}): Task {
  return { system: "Be brief.", prompt: "Name a colour.", models: [fast], output: null, isBatch: false, ...more };
}

/** A call that was recorded. */
export interface RecordedCall {
  readonly n: number;
  readonly fingerprint: string;
  readonly reply: Json;
  readonly spend: Spend;
}

export interface Setting {
  readonly around: CallSurroundings & TaskSurroundings;
  readonly provider: ScriptedProvider;
  readonly recorded: RecordedCall[];
  readonly events: (readonly [EventType, { readonly [name: string]: Json }])[];
  /** The waits that were asked for: from and to when. */
  readonly waits: [fromMs: number, toMs: number][];
  stop(): void;
}

/** A task's surroundings, with a model that answers by a script; `earlier` are calls that were recorded before. */
export function settingOf(
  script: readonly ScriptedAnswer[],
  earlier: readonly RecordedCall[] = [],
  secrets: readonly (readonly [string, string])[] = [],
): Setting {
  const clock = createFakeClock();
  const provider = createScriptedProvider(script, clock);
  const redactor = createRedactor(new Map(secrets));
  if (!redactor.ok) throw new Error("a secret of this test is too short");
  const controller = new AbortController();
  const setting: Omit<Setting, "around"> = {
    provider,
    recorded: [],
    events: [],
    waits: [],
    stop: () => controller.abort(),
  };
  const around: CallSurroundings & TaskSurroundings = {
    label: "draft",
    attempt: 1,
    idempotencyKey: "key",
    requestDigest: "a request",
    signal: controller.signal,
    clock,
    gate: openGate,
    steering: () => [],
    wait: async (ms) => {
      const fromMs = clock.monotonic();
      const isOver = await sleep(clock, ms, controller.signal);
      setting.waits.push([fromMs, clock.monotonic()]);
      return isOver;
    },
    pause: async (until) => {
      await until;
      return !controller.signal.aborted;
    },
    away() {},
    providerFor: () => provider,
    check: createSchemaCheck(),
    redactor: redactor.value,
    calls: {
      recall: (n, fingerprint) =>
        earlier.find((call) => call.n === n && call.fingerprint === fingerprint)?.reply ?? null,
      record: (n, fingerprint, reply, spend) => void setting.recorded.push({ n, fingerprint, reply, spend }),
      ...noTickets,
    },
    toolCalls: memoryToolJournal(),
    event: (type, data) => void setting.events.push([type, data]),
  };
  return { ...setting, around };
}
