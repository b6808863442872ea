import type { Json, JsonObject } from "../../../src/util/json.ts";

/**
 * A manifest of 3 to 8 steps of every layer that gives equal outputs in every order of arrival: lists, groups, rounds,
 * retries, fallbacks, handoffs, batches, joins, waits, values, changes of state. Always valid.
 */
export function wideManifest(random: () => number): JsonObject {
  const among = (most: number): number => 1 + Math.floor(random() * most);
  const chance = (part: number): boolean => random() < part;
  const steps: { [id: string]: JsonObject } = {};
  const count = 2 + among(6);
  for (let n = 0; n < count; n += 1) {
    const id = `s${n}`;
    const before = n > 0 && chance(0.6) ? `s${among(n) - 1}` : null;
    const seen = before === null ? "" : ` {{ json steps.${before}.output }}`;
    steps[id] = { ...step(id, seen), ...(before !== null && chance(0.2) ? { if: "always()" } : {}) };
  }
  return {
    muster: 1,
    name: "wide",
    agents: {
      one: { model: "anthropic/claude-haiku-5-5" },
      other: { model: ["anthropic/claude-sonnet-5-5", "anthropic/claude-haiku-5-5"] },
    },
    limits: { concurrency: among(4), timeout: "1000h" },
    steps,
  };

  function step(id: string, seen: string): JsonObject {
    const kind = among(10);
    const ask = (more = ""): JsonObject => ({ agent: chance(0.7) ? "one" : "other", task: `${id}${more}${seen}` });
    switch (kind) {
      case 1:
        return { value: `\${{ ${among(9)} + ${among(9)} }}` };
      case 2:
        return { state: { increment: id, by: among(3) } };
      case 3:
        return { wait: { for: `${among(40)}s` } };
      case 4:
        return {
          for_each: list(),
          join: "settled",
          steps: {
            [`${id}_a`]: { agent: "one", task: `${id}.a {{ item }}${seen}` },
            [`${id}_b`]: { agent: "other", task: `${id}.b {{ item }} {{ steps.${id}_a.output }}`, ...tries() },
          },
          outputs: { text: `\${{ steps.${id}_b.output }}` },
          ...ends(),
        };
      case 5:
        return { ...ask(" after {{ previous }}"), repeat: { until: "false", max: among(3), delay: "5s" }, ...ends() };
      case 6:
        return {
          handoff: [{ agent: "one", accept: chance(0.5) ? "false" : "true" }, { agent: "other" }],
          task: `${id} {{ previous }}${seen}`,
          ...ends(),
        };
      case 7:
        return {
          for_each: list(),
          batch: among(3),
          agent: "one",
          task: `${id} {{ json items }}${seen}`,
          join: "settled",
          ...ends(),
        };
      case 8:
        return { ...ask(), ...tries(), fallback: [{ agent: "other" }], ...ends() };
      case 9:
        return {
          for_each: list(),
          max_parallel: among(3),
          ...ask(" {{ item }}"),
          ...tries(),
          join: chance(0.5) ? "settled" : { at_least: 1 },
          ...ends(),
        };
      default:
        return { ...ask(), ...tries(), ...ends() };
    }
  }

  function list(): Json {
    return Array.from({ length: among(4) }, (_, index) => `i${index}`);
  }
  function tries(): JsonObject {
    return chance(0.5) ? { retry: { max_attempts: 1 + among(2), delay: "1s" } } : {};
  }
  function ends(): JsonObject {
    const kind = random();
    return kind < 0.4 ? { on_error: "continue" } : kind < 0.6 ? { on_error: { output: "instead" } } : {};
  }
}
