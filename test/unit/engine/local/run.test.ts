import { describe, expect, it } from "vitest";
import type { StoredEvent } from "../../../../src/run/event.ts";
import { Story } from "../../../rig/engine/story.ts";

const head = "muster: 1\nname: story\nagents: { writer: { model: anthropic/claude-haiku-5-5 } }\n";
const manifest = `${head}limits: { grace: 2s }
steps:
  quick: { agent: writer, task: Quick. }
  slow: { agent: writer, task: Slow. }
  last: { agent: writer, task: "{{ steps.quick.output }} {{ steps.slow.output }}" }
`;

function types(story: Story): readonly StoredEvent["type"][] {
  return [...story.store.readEvents("R")].map(({ type }) => type);
}

describe("an interrupted run", () => {
  it("starts nothing new, lets what is in flight end within the grace, and goes on from there", async () => {
    const story = new Story();
    const script = [
      { step: "quick", reply: "q", afterMs: 100 },
      { step: "slow", reply: "s", afterMs: 1500 },
    ];
    const one = await story.chapter(manifest, script, { meanwhile: [[200, (run) => run.interrupt()]] });
    expect(one.outcome).toMatchObject({ status: "interrupted", activeMs: 1500 });
    expect(story.store.findRun("R")).toMatchObject({ status: "interrupted", lease: null, activeMs: 1500 });
    expect(types(story).at(-1)).toBe("run.interrupted");

    const two = await story.chapter(manifest, [{ step: "last", reply: "l" }]);
    expect(two.report).toMatchObject({
      status: "succeeded",
      duration_ms: 1600,
      steps: { quick: { reused: 1 }, slow: { reused: 1 }, last: { output: "l" } },
    });
  });

  it.each([
    ["after the grace", [200], 2200],
    ["at once when it is told twice", [200, 700], 700],
  ] as const)("stops what hangs %s, and runs it again later", async (_, interrupts, endsAt) => {
    const story = new Story();
    const script = [
      { step: "quick", reply: "q", afterMs: 100 },
      { step: "slow", hang: true },
    ] as const;
    const one = await story.chapter(manifest, script, {
      meanwhile: interrupts.map((at) => [at, (run) => run.interrupt()] as const),
    });
    expect(one.outcome).toMatchObject({ status: "interrupted", activeMs: endsAt });

    const two = await story.chapter(manifest, [
      { step: "slow", reply: "s" },
      { step: "last", reply: "l" },
    ]);
    expect(two.asked).toEqual(["slow", "last"]);
    expect(two.outcome.status).toBe("succeeded");
  });
});

describe("a run that somebody else", () => {
  it("took over writes nothing more", async () => {
    const story = new Story();
    let seqAtTheft = 0;
    const steal = (): void => {
      story.store.acquireLease("R", { host: "other", pid: 2, processStart: null, renewedAt: 0 }, () => true);
      seqAtTheft = story.store.lastSeq("R");
    };
    const one = await story.chapter(
      manifest,
      [
        { step: "quick", reply: "q", afterMs: 500 },
        { step: "slow", hang: true },
      ],
      { meanwhile: [[200, steal]] },
    );
    expect(one.outcome).toMatchObject({ status: "lease_lost", failure: { code: "lease_lost" } });
    expect(story.store.lastSeq("R")).toBe(seqAtTheft);
    expect(story.store.findRun("R")).toMatchObject({ status: "running", lease: { host: "other" } });
  });

  it("asks to stop by its inbox is cancelled soon", async () => {
    const story = new Story();
    const ask = (): void => void story.store.post("R", { at: 0, kind: "kill", body: { step: null } });
    const one = await story.chapter(
      manifest,
      [
        { step: "quick", reply: "q", afterMs: 100 },
        { step: "slow", hang: true },
      ],
      { meanwhile: [[300, ask]] },
    );
    expect(one.outcome).toMatchObject({ status: "cancelled", failure: { code: "killed" }, activeMs: 500 });
  });
});

describe("the limit of active time", () => {
  it("counts over resumes, and not while nobody runs it", async () => {
    const limited = manifest.replace("grace: 2s", "grace: 2s, timeout: 3s");
    const story = new Story();
    await story.chapter(
      limited,
      [
        { step: "quick", reply: "q" },
        { step: "slow", hang: true },
      ],
      {
        meanwhile: [
          [1000, (run) => run.interrupt()],
          [1000, (run) => run.interrupt()],
        ],
      },
    );
    await new Promise<void>((resolve) => void story.clock.after(3_600_000, resolve));
    const two = await story.chapter(limited, [{ step: "slow", hang: true }]);
    expect(two.outcome).toMatchObject({
      status: "failed",
      activeMs: 3000,
      failure: { class: "timeout", code: "run_timeout" },
    });
  });
});
