import { copyFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../../../src/store/store.ts";
import { owner, record, TempState } from "./temp-state.ts";

const state = new TempState();
const containing = (text: string): unknown => expect.stringContaining(text);

/** Reads all of R1: what came, or the error. */
function look(): unknown {
  try {
    return state.readAll();
  } catch (error) {
    return error;
  }
}

/** Repeatable: the figures of a linear congruential generator, https://en.wikipedia.org/wiki/Linear_congruential_generator. */
function* figures(seed: number): Generator<number, never> {
  for (let figure = seed; ;) yield (figure = (figure * 1_664_525 + 1_013_904_223) % 2 ** 32);
}

describe("damage is never silent:", () => {
  it("after a flipped bit anywhere one reads the truth or an error that names the file", () => {
    const truth = state.fill(120);
    const sound = readFileSync(state.path);
    const next = figures(7);
    let noticed = 0;
    for (let round = 0; round < 400; round++) {
      const position = next.next().value % sound.length;
      const bytes = Buffer.from(sound);
      bytes[position] = (bytes[position] as number) ^ (1 << (next.next().value >>> 29));
      writeFileSync(state.path, bytes);
      const seen = look();
      if (isDeepStrictEqual(seen, truth)) continue;
      noticed++;
      expect(seen, `byte ${position}`).toBeInstanceOf(StoreError);
      expect((seen as StoreError).message).toContain(state.path);
    }
    expect(noticed).toBeGreaterThan(40);
  });

  it("a truncated file is an error, wherever it was cut", () => {
    state.fill(60);
    const size = readFileSync(state.path).length;
    copyFileSync(state.path, `${state.path}.sound`);
    for (let cut = 0; cut < size; cut += 1500) {
      copyFileSync(`${state.path}.sound`, state.path);
      truncateSync(state.path, cut);
      expect(look(), `cut at ${cut}`).toMatchObject({ name: "StoreError", code: "corrupt" });
    }
  });

  it.each([
    [
      "UPDATE fact SET body = replace(body, 'step_3', 'step_4') WHERE key LIKE 'step_3/%'",
      "the record of 'step_3/i1/s0/a1' does not match its checksum",
    ],
    ["DELETE FROM fact WHERE key LIKE 'step_3/%'", "run R1 has 8 of its 9 facts"],
    ["UPDATE fact SET id = id + 4294967296 WHERE key LIKE 'step_3/%'", "run R1 has 8 of its 9 facts"],
    ["UPDATE event SET type = 'step.failed' WHERE step = 'step_3'", "event 3 does not match its checksum"],
    ["DELETE FROM event WHERE step = 'step_3'", "event 3 is missing"],
    ["DELETE FROM event WHERE step = 'step_9'", "event 9 is missing"],
    [
      "UPDATE record SET body = replace(body, '\"n\":1', '\"n\":2')",
      "the record of run R1 is missing or does not match its checksum",
    ],
    ["DELETE FROM record", "the record of run R1 is missing or does not match its checksum"],
    ["UPDATE run SET epoch = 9", "the state of run R1 does not match its checksum"],
    ["UPDATE run SET active_ms = 9223372036854775807", "too large"],
    ["UPDATE run SET lease_host = 'bob'", "the state of run R1 does not match its checksum"],
  ])("%s", (sql, reason) => {
    state.fill(9);
    const db = new DatabaseSync(state.path);
    db.exec(sql);
    db.close();
    expect(look()).toMatchObject({ name: "StoreError", code: "corrupt", message: containing(reason) });
  });

  it.each([
    ["UPDATE event SET data = replace(data, 'step_70', 'step_71')", "event 86 does not match its checksum"],
    ["UPDATE event SET id = id + 1000 WHERE id % 4294967296 = 214", "event 151 is missing"],
    ["DELETE FROM event WHERE id % 4294967296 = 150", "event 87 is missing"],
    ["DELETE FROM event WHERE id % 4294967296 = 300", "event 279 is missing"],
  ])("in a row of several events: %s", (sql, reason) => {
    const store = state.open();
    const lease = store.createRun(record("R1"), owner);
    const events = Array.from({ length: 300 }, (_, index) => ({
      seq: index + 1,
      at: 1,
      type: "step.started" as const,
      step: `step_${index}`,
    }));
    // 22 alone, the others in rows of 64.
    store.commit(lease, { events: events.slice(0, 22), facts: [] });
    store.commit(lease, { events: events.slice(22), facts: [] });
    store.close();
    const db = new DatabaseSync(state.path);
    db.exec(sql);
    db.close();
    expect(look()).toMatchObject({ name: "StoreError", code: "corrupt", message: containing(reason) });
  });
});
