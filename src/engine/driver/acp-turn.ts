import type { SessionUpdate } from "@agentclientprotocol/sdk/unstable";
import type { AttemptContext } from "../step/handler.ts";

/** What a coding agent tells while it works on one prompt: its words, its calls, what it has cost. */
export class AcpTurn {
  readonly #attempt: Pick<AttemptContext, "event" | "redactor">;
  /** What it said since its last call of a tool: the answer is what it says in the end. */
  #text = "";
  #before = "";
  /** Names of calls by their ids. */
  readonly #calls = new Map<string, string>();
  /** Of the whole session so far, USD; null = it does not say. */
  costUsd: number | null = null;

  constructor(attempt: Pick<AttemptContext, "event" | "redactor">) {
    this.#attempt = attempt;
  }

  /** Begins the next prompt. */
  begin(): void {
    this.#text = "";
    this.#before = "";
  }

  /** Its last words, or all of them where it ended with a call. */
  get answer(): string {
    return (this.#text.trim() === "" ? this.#before : this.#text).trim();
  }

  update(update: SessionUpdate): void {
    switch (update.sessionUpdate) {
      case "agent_message_chunk":
        if (update.content.type === "text") this.#text += update.content.text;
        return;
      case "tool_call":
        this.#called(update.toolCallId, update.title, update.kind);
        return this.#finished(update.toolCallId, update.status);
      case "tool_call_update":
        return this.#finished(update.toolCallId, update.status);
      case "usage_update":
        if (update.cost?.currency === "USD" && update.cost.amount >= 0) this.costUsd = update.cost.amount;
        return;
      default:
    }
  }

  /** It asked for something that it may not do. */
  denied(id: string, title: string | null | undefined, reason: string): void {
    const { event, redactor } = this.#attempt;
    event("tool.denied", {
      tool: redactor.text(this.#calls.get(id) ?? title ?? "a tool"),
      call: id,
      reason: redactor.text(reason),
    });
  }

  #called(id: string, title: string, kind: string | undefined): void {
    const { event, redactor } = this.#attempt;
    this.#before += this.#text;
    this.#text = "";
    if (this.#calls.has(id)) return;
    this.#calls.set(id, title);
    event("tool.called", { tool: redactor.text(title), call: id, effect: "unsafe", kind: kind ?? "other" });
  }

  #finished(id: string, status: string | null | undefined): void {
    if (status !== "completed" && status !== "failed") return;
    const title = this.#calls.get(id);
    if (title === undefined) return;
    const { event, redactor } = this.#attempt;
    event("tool.finished", { tool: redactor.text(title), call: id, status: status === "completed" ? "ok" : "error" });
  }
}
