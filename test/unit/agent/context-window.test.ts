import { expect, test } from "vitest";
import { Trimmed } from "../../../src/agent/context-window.ts";
import type { Message } from "../../../src/provider/provider.ts";

const BYTES = 3000;
const user = (text: string): Message => ({ role: "user", text });
const assistant = (text: string): Message => ({ role: "assistant", text });
const long = (sign: string): string => sign.repeat(BYTES);
const turn = (name: string): Message[] => [user(`${name}?`), assistant(long(name))];
const firstLetters = (messages: readonly Message[]): string => messages.map(({ text }) => text.slice(0, 1)).join("");

test("the oldest turns of a session are left out as a whole when results of tools are not enough; what is said now stays", () => {
  // Room for three long texts: a token is taken to have three bytes.
  const conversation = new Trimmed([user("now")], (3.5 * BYTES) / 3, [turn("a"), turn("b"), turn("c"), turn("d")]);
  expect(conversation.fit()).toMatchObject({ results: 0, turns: 1 });
  expect(firstLetters(conversation.messages)).toBe("bbccddn");
  expect(conversation.fit()).toBeNull();
  conversation.add(assistant(long("x")), user("y"));
  expect(conversation.fit()).toMatchObject({ turns: 1 });
  expect(firstLetters(conversation.messages)).toBe("ccddnxy");
  expect(firstLetters(conversation.said)).toBe("nxy");
});

test("results of tools come first: no turn is lost where they are enough", () => {
  const results: Message = { role: "user", text: "", toolResults: [{ id: "1", text: long("r"), isError: false }] };
  const before = [[user("a?"), assistant(""), results, assistant("a")], turn("b")];
  const conversation = new Trimmed([user("now")], (1.5 * BYTES) / 3, before);
  const trimmed = conversation.fit();
  expect(trimmed).toMatchObject({ results: 1 });
  expect(trimmed).not.toHaveProperty("turns");
  expect(conversation.messages).toHaveLength(7);
});
