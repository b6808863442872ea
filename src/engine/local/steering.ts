import { steerKey } from "../../run/attempt-key.ts";
import type { EventType } from "../../run/event.ts";
import { pureFact, type Fact } from "../../run/fact.ts";
import type { Json } from "../../util/json.ts";
import type { CoreOptions } from "./core-options.ts";
import type { Start } from "./sink.ts";

/** The fingerprint of what was said to an attempt: it holds whatever else changes. */
const SAID = "said";

/** So many turns are looked through for what was said. */
const MOST_TURNS = 200;

/** The longest text that an event shows, in characters. */
const LONGEST_SHOWN = 500;

export interface SteeringOptions extends Pick<CoreOptions, "facts" | "keep" | "read" | "now"> {
  readonly remember: (fact: Fact) => void;
  /** A message of the inbox is dealt with: it goes with the next commit. */
  readonly taken: (id: number) => void;
  readonly event: (start: Start, type: EventType, data: { readonly [name: string]: Json }) => void;
  readonly redact: (text: string) => string;
}

interface Note {
  /** Its message in the inbox; null = it came from the agent's leader, whose record has it. */
  readonly id: number | null;
  readonly text: string;
}

/**
 * What people say to agents at work. A message waits for the next turn of its agent; that it was said there is a fact, so
 * that a resume asks what was asked.
 */
export class Steering {
  readonly #o: SteeringOptions;
  readonly #waiting = new Map<Start, Note[]>();

  constructor(options: SteeringOptions) {
    this.#o = options;
  }

  /** A message for the next turn of an attempt. */
  post(start: Start, note: Note): void {
    if (note.id === null && this.#wasSaid(start, note.text)) return;
    const waiting = this.#waiting.get(start) ?? [];
    // What people say may hold a secret of the run.
    waiting.push({ ...note, text: this.#o.redact(note.text) });
    this.#waiting.set(start, waiting);
  }

  /** Before a crash: a leader that goes on says again what its record has. */
  #wasSaid(start: Start, text: string): boolean {
    const { facts, read, redact } = this.#o;
    for (let turn = 1; turn <= MOST_TURNS; turn += 1) {
      const known = facts.find(steerKey(start.key, turn), SAID);
      if (known?.output && (read(known.output) as readonly string[]).includes(redact(text))) return true;
    }
    return false;
  }

  /** What is said to an attempt before its `turn`-th call, from 1: what was said then before a crash, else what waits. */
  take(start: Start, turn: number): readonly string[] {
    const { facts, keep, read, now, remember, taken, event } = this.#o;
    const key = steerKey(start.key, turn);
    const known = facts.find(key, SAID);
    if (known?.output) return read(known.output) as readonly string[];
    const notes = this.#waiting.get(start) ?? [];
    if (notes.length === 0) return [];
    this.#waiting.delete(start);
    const texts = notes.map(({ text }) => text);
    remember(pureFact(key, SAID, keep(texts), now()));
    for (const { id, text } of notes) {
      if (id !== null) taken(id);
      const message = text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
      event(start, "session.steered", { turn, message });
    }
    return texts;
  }

  /** An attempt has ended for good: what still waits came too late. */
  end(start: Start): void {
    const notes = this.#waiting.get(start) ?? [];
    this.#waiting.delete(start);
    for (const { id } of notes) {
      if (id !== null) this.#o.taken(id);
      const message = `a message to '${start.path}' came too late: it had no further turn`;
      this.#o.event(start, "log", { level: "warn", message });
    }
  }
}
