import { ANSWER, answerOf, type Answer } from "../../run/answer.ts";
import type { InboxMessage, Store } from "../../store/store.ts";
import { isJsonObject } from "../../util/json.ts";

/** What another process may ask of a run. */
export interface Asked {
  /** Stops the run (`step` null) or the steps of a path. */
  kill(step: string | null): void;
  /** Gives an answer to the attempt that waits for it; false when none does now. `id` is its message. */
  answer(answer: Answer, id: number): boolean;
  /** Says something to an agent at work (`step` null: to the only one); whoever takes it says `taken`. */
  steer(step: string | null, text: string, id: number): void;
  /** A message is dealt with: it goes with the next commit. */
  taken(id: number): void;
  /** An answer that does not count: another one came before, or what was asked has changed. */
  refused(answer: Answer): void;
}

/** An answer and the message that it came in. */
interface Received {
  readonly id: number;
  readonly answer: Answer;
}

/**
 * The messages that other processes leave for a run. Each stays in the store until a commit holds what came of it, so
 * none is lost by a crash: a stop of the whole run until the run has ended, an answer until its attempt has.
 */
export class Inbox {
  readonly #store: Store;
  readonly #runId: string;
  readonly #run: Asked;
  #last = 0;
  readonly #stops: number[] = [];
  /** Answers to what is not asked yet in this start of the run, by what they answer. */
  readonly #early = new Map<string, Received>();
  readonly #answered = new Set<string>();

  constructor(store: Store, runId: string, run: Asked) {
    this.#store = store;
    this.#runId = runId;
    this.#run = run;
  }

  /** Reads what is new, and does what it asks. */
  read(): void {
    for (const message of this.#store.readInbox(this.#runId, this.#last)) {
      this.#last = message.id;
      this.#take(message);
    }
  }

  /** An attempt begins to wait: gives the answer that came before, if there is one. */
  asks(request: string): void {
    const early = this.#early.get(request);
    if (early === undefined || !this.#run.answer(early.answer, early.id)) return;
    this.#early.delete(request);
    this.#answered.add(request);
  }

  /** Nothing more is asked for now: what answers nothing never will. */
  dropEarly(): void {
    for (const received of this.#early.values()) this.#refuse(received);
    this.#early.clear();
  }

  /** The run is over, and so is what was asked of it. */
  end(): void {
    for (const id of this.#stops) this.#run.taken(id);
    this.dropEarly();
  }

  #take({ id, kind, body }: InboxMessage): void {
    if (kind === "kill") {
      const step = isJsonObject(body) ? ((body["step"] as string | null | undefined) ?? null) : null;
      this.#run.kill(step);
      if (step === null) this.#stops.push(id);
      else this.#run.taken(id);
      return;
    }
    if (kind === "steer" && isJsonObject(body) && typeof body["message"] === "string")
      return this.#run.steer((body["step"] as string | null | undefined) ?? null, body["message"], id);
    const answer = kind === ANSWER ? answerOf(body) : null;
    // Of another version, or nonsense.
    if (answer === null) this.#run.taken(id);
    else this.#answer({ id, answer });
  }

  #answer(received: Received): void {
    const { id, answer } = received;
    const { request } = answer;
    if (this.#answered.has(request) || this.#early.has(request)) this.#refuse(received);
    else if (this.#run.answer(answer, id)) this.#answered.add(request);
    else this.#early.set(request, received);
  }

  #refuse({ id, answer }: Received): void {
    this.#run.taken(id);
    this.#run.refused(answer);
  }
}
