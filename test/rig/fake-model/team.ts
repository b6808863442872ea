import type { FakeAnthropic } from "../fake-anthropic/fake-anthropic.ts";
import type { Answer } from "./answer.ts";

/**
 * Answers the turns of an agent that is known by a text in its prompt: its first call gets the first answer, and so on.
 * `turn` is told by how long its conversation is, so that a repeated call gets the same.
 */
export function plays(fake: FakeAnthropic, who: string, turns: readonly (Answer | string)[]): void {
  fake.on(
    ({ body, text }) => text.startsWith(who) && body.messages.length <= 2 * turns.length,
    ({ body }) => turns[(body.messages.length - 1) / 2] as Answer | string,
  );
}
