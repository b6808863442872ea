import { describe, expect, it } from "vitest";
import { prepareRetry } from "../../../../src/engine/local/retry.ts";
import { surroundings } from "../../../rig/engine/launch.ts";
import { planOfText, Story } from "../../../rig/engine/story.ts";
import { createScriptedProvider, type ScriptedAnswer } from "../../../rig/scripted-provider.ts";

const head = `
muster: 1
name: letters
models: { m: anthropic/a }
agents: { writer: { model: m, instructions: Be brief. } }
steps:`;

const server = { class: "server" } as const;
const no = { class: "refused" } as const;

/** Where letters are: by unit, the class of each failure. */
function lettersOf(story: Story): { readonly [unit: string]: string } {
  const letters = story.store.listDeadLetters("R").map(({ path, item, failure, caught, isDropped }) => {
    const unit = item === null ? path : `${path}[${item}]`;
    return [unit, `${failure.class}${caught ? ", caught" : ""}${isDropped ? ", dropped" : ""}`];
  });
  return Object.fromEntries(letters) as { readonly [unit: string]: string };
}

/** Runs the letter of a unit again, alone. */
async function retry(story: Story, manifest: string, item: number | null, script: readonly ScriptedAnswer[]) {
  const letter = story.store.listDeadLetters("R").find((one) => one.item === item);
  const summary = story.store.findRun("R");
  if (letter === undefined || summary === null) throw new Error("there is no such letter");
  const provider = createScriptedProvider(script, story.clock);
  const around = surroundings({ store: story.store, clock: story.clock, provider });
  const prepared = prepareRetry(summary, planOfText(manifest), letter, false, around);
  if (!prepared.ok) return { refused: prepared.error.message };
  const taken = prepared.value.take();
  if (!taken.ok) throw new Error("somebody else holds the run");
  await taken.value.go().done;
  expect(provider.problems()).toEqual([]);
  return { status: story.store.findRun("R")?.status, hasChanged: prepared.value.hasChanged };
}

describe("a unit that failed for good", () => {
  const items = `${head}
  draft:
    for_each: [a, b, c]
    agent: writer
    task: Write {{ item }}
    retry: { max_attempts: 2, backoff: fixed, delay: 1s, on: [server] }
    join: { at_least: 1 }
  after: { agent: writer, task: "{{ steps.draft.output }}" }
`;
  const first: readonly ScriptedAnswer[] = [
    { step: "draft[0]", reply: "A" },
    { step: "draft[1]", fail: server },
    { step: "draft[1]", attempt: 2, fail: server },
    { step: "draft[2]", fail: no },
    { step: "after", reply: "of one" },
  ];

  it("is a letter with what it was asked, its failure and its attempts; the others are none", async () => {
    const story = new Story();
    await story.chapter(items, first);
    expect(story.store.listDeadLetters()).toMatchObject(
      [
        {
          runId: "R",
          path: "draft",
          item: 1,
          kind: "agent",
          agent: "writer",
          model: "anthropic/a",
          failure: { class: "server" },
          caught: true,
          attempts: 2,
          inputs: { inline: { instructions: "Be brief.", task: "Write b" } },
          isDropped: false,
        },
        { item: 2, failure: { class: "refused" }, attempts: 1, inputs: { inline: { task: "Write c" } } },
      ].toSorted((a, b) => keyOf(story, a.item) - keyOf(story, b.item)),
    );
  });

  /** Letters are in order of their lasting names, which are digests. */
  function keyOf(story: Story, item: number): number {
    return story.store.listDeadLetters().findIndex((letter) => letter.item === item);
  }

  it("is tried again alone: a run that had succeeded goes on with what came of it", async () => {
    const story = new Story();
    await story.chapter(items, first);
    const again: readonly ScriptedAnswer[] = [{ step: "draft[2]", reply: "C" }];
    expect(await retry(story, items, 2, again)).toEqual({ status: "interrupted", hasChanged: false });
    expect(lettersOf(story)).toEqual({ "draft[1]": "server, caught" });
    const { report, asked } = await story.chapter(items, [{ step: "after", reply: "of two" }]);
    expect([asked, report["status"]]).toEqual([["after"], "succeeded"]);
    expect(report["steps"]).toMatchObject({ draft: { output: ["A", "C"] }, after: { output: "of two" } });
    expect(lettersOf(story)).toEqual({ "draft[1]": "server, caught" });
  });

  it("fails again: the run stands as before, and the letter tells the new failure", async () => {
    const story = new Story();
    await story.chapter(items, first);
    const again: readonly ScriptedAnswer[] = [{ step: "draft[2]", fail: { class: "auth" } }];
    expect(await retry(story, items, 2, again)).toEqual({ status: "succeeded", hasChanged: false });
    expect(lettersOf(story)).toEqual({ "draft[1]": "server, caught", "draft[2]": "auth, caught" });
  });

  it("stays hidden over resumes when it was dropped, until it fails anew", async () => {
    const story = new Story();
    const failing = items.replace("join: { at_least: 1 }", "join: all");
    await story.chapter(failing, first.slice(0, 4));
    for (const { key } of story.store.listDeadLetters("R")) story.store.dropDeadLetter("R", key);
    expect(lettersOf(story)).toEqual({ "draft[1]": "server, dropped", "draft[2]": "refused, dropped" });
    await story.chapter(failing, [
      { step: "draft[1]", reply: "B" },
      { step: "draft[2]", fail: { class: "auth" } },
    ]);
    expect(lettersOf(story)).toEqual({ "draft[2]": "auth" });
  });

  it("runs as the manifest has it now, which is said", async () => {
    const story = new Story();
    const failing = items.replace("join: { at_least: 1 }", "join: all");
    await story.chapter(failing, first.slice(0, 4));
    const edited = failing.replace("Write {{ item }}", "Write about {{ item }}");
    const again: readonly ScriptedAnswer[] = [{ step: "draft[2]", reply: "C" }];
    expect(await retry(story, edited, 2, again)).toEqual({ status: "failed", hasChanged: true });
    const { asked } = await story.chapter(edited, [
      { step: "draft[0]", reply: "A" },
      { step: "draft[1]", reply: "B" },
      { step: "after", reply: "of three" },
    ]);
    expect(asked).toEqual(["draft[0]", "draft[1]", "after"]);
    expect(lettersOf(story)).toEqual({});
  });

  it("is on the record once, whenever the runner dies", async () => {
    for (let at = 1; at <= 8; at += 1) {
      const story = new Story();
      await story.chapter(items, first, { death: { atCommit: at, isDurable: at % 2 === 0 } });
      await story.chapter(items, [...first, { step: "after", reply: "again" }], {
        death: { atCommit: 1000, isDurable: true },
      });
      expect(lettersOf(story)).toEqual({ "draft[1]": "server, caught", "draft[2]": "refused, caught" });
    }
  });
});

describe("inside of a group", () => {
  const group = `${head}
  both:
    for_each: [1, 2]
    retry: { max_attempts: 2, backoff: fixed, delay: 1s, on: [server] }
    on_error: continue
    steps:
      one: { agent: writer, task: "One {{ item }}" }
      two: { agent: writer, task: "{{ steps.one.output }}", on_error: continue }
    outputs: { one: "\${{ steps.one.output }}" }
  pause: { wait: { for: 1s } }
`;

  it("the step has the letter, not the group around it; what a second attempt mended has none", async () => {
    const story = new Story();
    await story.chapter(group, [
      { step: "both[0]/one", fail: server },
      { step: "both[0]/one", reply: "fine" },
      { step: "both[0]/two", fail: no },
      { step: "both[1]/one", fail: server },
      { step: "both[1]/one", fail: no },
    ]);
    expect(lettersOf(story)).toEqual({ "both[0]/two": "refused, caught", "both[1]/one": "refused" });
  });

  it("it is tried again alone", async () => {
    const story = new Story();
    const simple = group.replace("for_each: [1, 2]", "for_each: [1]");
    await story.chapter(simple, [
      { step: "both[0]/one", reply: "fine" },
      { step: "both[0]/two", fail: no },
    ]);
    expect(await retry(story, simple, null, [{ step: "both[0]/two", reply: "well" }])).toMatchObject({
      status: "interrupted",
    });
    expect(lettersOf(story)).toEqual({});
    const { asked, report } = await story.chapter(simple, []);
    expect([asked, report["status"]]).toEqual([[], "succeeded"]);
  });
});

describe("a step that failed before it had a unit", () => {
  const broken = `${head}
  draft: { agent: writer, task: x }
  words: { value: "\${{ from_json(steps.draft.output) }}", on_error: continue }
  gate: { agent: writer, task: y, if: "from_json(steps.draft.output) == 1", on_error: continue }
`;

  it("is a letter without attempts, and cannot run alone", async () => {
    const story = new Story();
    await story.chapter(broken, [{ step: "draft", reply: "no JSON" }]);
    expect(lettersOf(story)).toEqual({ words: "invalid, caught", gate: "invalid, caught" });
    expect(story.store.listDeadLetters("R").map(({ inputs, attempts }) => [inputs, attempts])).toEqual([
      [null, 0],
      [{ inline: { "steps.draft.output": "no JSON" } }, 0],
    ]);
    expect(await retry(story, broken, null, [])).toEqual({
      refused: expect.stringMatching(/^'gate' does not get its turn/),
    });
  });
});
