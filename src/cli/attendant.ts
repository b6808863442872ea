import { userInfo } from "node:os";
import type { LocalRun } from "../engine/local/run.ts";
import type { Reporter } from "../reporter/reporter.ts";
import type { StoredEvent } from "../run/event.ts";
import type { WaitsFor } from "../run/waits-for.ts";
import type { Store } from "../store/store.ts";
import { systemClock } from "../util/clock.ts";
import { jsonText, type Json } from "../util/json.ts";
import { inputOf, isDemanding, postAnswer } from "./answer.ts";
import { UsageError } from "./exit-code.ts";
import type { Keyboard } from "./keyboard.ts";
import { openWaits, placeOf } from "./open-wait.ts";
import type { Terminal } from "./terminal.ts";
import { questionLines } from "./view/question.ts";
import { typedLabel } from "../run/attempt-key.ts";

/** The run whose questions are put to the person at the terminal. */
interface Attended {
  readonly run: LocalRun;
  readonly store: Store;
  readonly runId: string;
}

/**
 * Asks the person at the terminal what a run asks, one question after the other, while the run goes on. The answers go
 * the way of all answers, through the inbox, so that the first one counts wherever it came from.
 */
export class Attendant implements Reporter {
  readonly #terminal: Terminal;
  readonly #keyboard: Keyboard;
  readonly #reporter: Reporter;
  /** Questions that nobody has answered, in the order in which they came. */
  readonly #open = new Map<string, AbortController>();
  #attended: Attended | null = null;
  #isAsking = false;
  #isOver = false;
  /** A question is left to somebody else. */
  #hasPassedOn = false;

  constructor(terminal: Terminal, keyboard: Keyboard, reporter: Reporter) {
    this.#terminal = terminal;
    this.#keyboard = keyboard;
    this.#reporter = reporter;
  }

  /** The run has begun. */
  attend(attended: Attended): void {
    this.#attended = attended;
    this.#next();
  }

  onEvents(events: readonly StoredEvent[]): void {
    this.#reporter.onEvents(events);
    for (const { type, data = {} } of events) {
      const request = jsonText(data["request"]);
      if (type === "approval.requested") this.#open.set(request, new AbortController());
      else if (type === "approval.answered") {
        this.#open.get(request)?.abort();
        this.#open.delete(request);
      }
    }
    this.#next();
  }

  say(text: string): void {
    this.#reporter.say(text);
  }

  hold(): () => void {
    return this.#reporter.hold();
  }

  close(): void {
    this.#isOver = true;
    for (const question of this.#open.values()) question.abort();
    this.#open.clear();
    this.#keyboard.close();
    this.#reporter.close();
  }

  /** Puts the next question, unless one is being put. */
  #next(): void {
    const [next] = this.#open;
    if (next === undefined && this.#hasPassedOn && !this.#isAsking && !this.#isOver && this.#attended !== null)
      return this.#leave(this.#attended.run);
    if (next === undefined || this.#attended === null || this.#isAsking || this.#isOver) return;
    const [request, { signal }] = next;
    const { store, runId } = this.#attended;
    this.#isAsking = true;
    // Soon: what it waits for is on the record with the commit that follows.
    systemClock.after(0, () => {
      const what = signal.aborted ? undefined : openWaits(store, runId).find((wait) => wait.request === request);
      if (what === undefined) {
        this.#open.delete(request);
        this.#isAsking = false;
        this.#next();
        return;
      }
      const release = this.#reporter.hold();
      void this.#ask(what, signal, this.#attended as Attended).finally(() => {
        release();
        this.#open.delete(request);
        this.#isAsking = false;
        this.#next();
      });
    });
  }

  /** The end of the input, or "later": the run goes on as far as it can without a person. */
  #leave(run: LocalRun): void {
    this.#isOver = true;
    this.#open.clear();
    run.leaveAlone();
  }

  /** Whom it asks for a token must vouch, and a person at a terminal shows none: `muster approve` takes it. */
  #passOn(runId: string, path: string): void {
    this.#hasPassedOn = true;
    this.#say([
      `  asked of certain people: muster approve ${runId} ${typedLabel(path)}, with their token (docs/approvals.md)`,
    ]);
  }

  async #ask(what: WaitsFor, signal: AbortSignal, { run, store, runId }: Attended): Promise<void> {
    const { color } = this.#terminal;
    const path = placeOf(what);
    this.#say([color.bold(`'${path}' asks`), ...questionLines(what, color)]);
    if (isDemanding(what)) return this.#passOn(runId, path);
    const verdict = await this.#verdict(signal);
    if (verdict === null) {
      if (signal.aborted) return this.#say([`'${path}' needs no answer any more`]);
      return this.#leave(run);
    }
    const input = verdict === "approved" ? await this.#input(what, path, signal) : null;
    if (input === undefined) return signal.aborted ? undefined : this.#leave(run);
    const comment = await this.#line("comment (enter: none): ", signal);
    if (comment === null && signal.aborted) return;
    const given = { request: what.request, path, verdict, by: userInfo().username, input, at: systemClock.now() };
    try {
      postAnswer(store, runId, { ...given, comment: comment === null || comment.trim() === "" ? null : comment });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#say([error.message]);
    }
  }

  async #verdict(signal: AbortSignal): Promise<"approved" | "rejected" | null> {
    for (;;) {
      const word = (await this.#line("approve? yes, no, or later: ", signal))?.trim().toLowerCase();
      if (word === undefined || word === "later" || word === "l") return null;
      if (word === "yes" || word === "y") return "approved";
      if (word === "no" || word === "n") return "rejected";
    }
  }

  /** What the person fills in; undefined when it is not asked for any more. */
  async #input(what: WaitsFor, path: string, signal: AbortSignal): Promise<Json | undefined> {
    if ((what.details["input"] ?? null) === null) return null;
    for (;;) {
      const text = await this.#line("input (JSON or text): ", signal);
      if (text === null) return undefined;
      try {
        return inputOf(what, text, path);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        this.#say([error.message]);
      }
    }
  }

  async #line(question: string, signal: AbortSignal): Promise<string | null> {
    this.#terminal.err(this.#terminal.color.bold(question));
    const line = await this.#keyboard.line(signal);
    if (line === null) this.#terminal.err("\n");
    return line;
  }

  #say(lines: readonly string[]): void {
    this.#terminal.err(`${lines.join("\n")}\n`);
  }
}
