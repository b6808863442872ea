import type { PlannedModel } from "../plan/types.ts";
import type { Message, ToolResult } from "../provider/provider.ts";
import { bytesOfMessage } from "./input-bound.ts";

/**
 * Windows in tokens by provider, the smallest of what it sells today. Sources: platform.claude.com/docs/en/about-claude/models,
 * developers.openai.com/api/docs/models (2026-11). What others serve is not known, and half of what is usual.
 */
const windows: { readonly [provider: string]: number } = { anthropic: 200_000, openai: 128_000 };
const UNKNOWN_WINDOW = 64_000;

/** So few bytes has a token of ordinary text at least, on average: code and other languages than English among it. */
const BYTES_A_TOKEN = 3;

/** How full the window is after it was trimmed: what stays has a while in the provider's cache. */
const FILL = 0.6;

/** The results of the last turns stay, whatever they take. */
const TURNS_KEPT = 2;

/** How many tokens the conversation of a task may have, so that the reply has room in the smallest of the windows. */
export function tokensFor(models: readonly PlannedModel[]): number {
  return Math.min(...models.map(roomOf));
}

function roomOf({ provider, maxTokens }: PlannedModel): number {
  const window = windows[provider] ?? UNKNOWN_WINDOW;
  return Math.max(window / 4, window - maxTokens);
}

/** A conversation that is kept within a window. */
export class Trimmed {
  #messages: readonly Message[];
  readonly #tokens: number;
  /** How many messages each turn before has; those of the oldest may be left out as a whole. */
  #before: readonly number[];
  #said: readonly Message[];

  constructor(messages: readonly Message[], tokens: number, before: readonly (readonly Message[])[] = []) {
    this.#messages = [...before.flat(), ...messages];
    this.#tokens = tokens;
    this.#before = before.map(({ length }) => length);
    this.#said = messages;
  }

  get messages(): readonly Message[] {
    return this.#messages;
  }

  /** What is there beside the turns before, with nothing taken out. */
  get said(): readonly Message[] {
    return this.#said;
  }

  add(...messages: readonly Message[]): void {
    this.#messages = [...this.#messages, ...messages];
    this.#said = [...this.#said, ...messages];
  }

  /** Says more in the last message, which is the user's. */
  say(text: string): void {
    const more = (messages: readonly Message[]): readonly Message[] => {
      const last = messages.at(-1) as Message;
      return [...messages.slice(0, -1), { ...last, text: last.text === "" ? text : `${last.text}\n\n${text}` }];
    };
    this.#messages = more(this.#messages);
    this.#said = more(this.#said);
  }

  /**
   * Takes the texts of the oldest results of tools out, when the conversation has grown too long, and where that is not
   * enough the oldest of the turns before; what was taken, or null. The same conversation is always trimmed alike: so a resume asks what was asked.
   */
  fit(): { readonly results: number; readonly bytes: number; readonly turns?: number } | null {
    const most = this.#tokens * BYTES_A_TOKEN;
    let bytes = this.#messages.reduce((sum, message) => sum + bytesOfMessage(message), 0);
    if (bytes <= most) return null;
    const before = bytes;
    let results = 0;
    const messages = [...this.#messages];
    for (let index = 0; index < messages.length - 2 * TURNS_KEPT && bytes > most * FILL; index += 1) {
      const message = messages[index] as Message;
      if (message.toolResults === undefined) continue;
      const shorter = { ...message, toolResults: message.toolResults.map(withoutText) };
      const saved = bytesOfMessage(message) - bytesOfMessage(shorter);
      if (saved <= 0) continue;
      messages[index] = shorter;
      results += message.toolResults.length;
      bytes -= saved;
    }
    let turns = 0;
    while (bytes > most && turns < this.#before.length) {
      const left = messages.splice(0, this.#before[turns]);
      bytes -= left.reduce((sum, message) => sum + bytesOfMessage(message), 0);
      turns += 1;
    }
    this.#before = this.#before.slice(turns);
    this.#messages = messages;
    if (results + turns === 0) return null;
    return { results, bytes: before - bytes, ...(turns === 0 ? {} : { turns }) };
  }
}

function withoutText(result: ToolResult): ToolResult {
  const bytes = Buffer.byteLength(result.text);
  const note = `[taken out to make room: ${bytes} bytes; call the tool again if they are needed]`;
  return bytes <= Buffer.byteLength(note) ? result : { ...result, text: note };
}
