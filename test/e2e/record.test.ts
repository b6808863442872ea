import { stripVTControlCharacters } from "node:util";
import { describe, expect } from "vitest";
import { story } from "../rig/muster/e2e.ts";
import { API_KEY } from "../rig/muster/project.ts";

const flow = `
muster: 1
name: recorded
secrets: [TOKEN]
agents: { writer: {}, judge: { model: auto/fast } }
steps:
  token: { run: "echo $TOKEN", env: { TOKEN: "\${{ secrets.TOKEN }}" } }
  draft:
    for_each: [Alpha, Beta]
    agent: writer
    task: "Write about {{ item }} for {{ steps.token.output }}"
  verdict:
    agent: judge
    task: "Judge {{ steps.draft.output }}"
    output: { type: object, properties: { good: { type: boolean } }, required: [good] }
outputs: { drafts: "\${{ steps.draft.output }}", good: "\${{ steps.verdict.output.good }}" }
`;
const token = { TOKEN: "hunter2-hunter2" };
const offline = { ...token, ANTHROPIC_API_KEY: "", CI: "true" };

describe("--record", () => {
  story("keeps what --replay answers from: the same outputs without a model or a key", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const live = await project.start(["run", "flow.yaml", "--record", "r.yaml"], token).ended;
    expect([live.code, fake.count()]).toEqual([0, 3]);
    expect(live.stderr).toContain("recorded 3 exchanges in r.yaml\n");

    const replayed = await project.start(["run", "flow.yaml", "--replay", "r.yaml"], offline).ended;
    expect([replayed.code, fake.count(), replayed.stdout]).toEqual([0, 3, live.stdout]);

    const recording = project.read("r.yaml");
    expect(recording).toMatch(/^muster_recording: 1\norigin: recorded\nauto:\n  because: ANTHROPIC_API_KEY is set\n/);
    expect(recording).toContain("[secret:TOKEN]");
    expect(recording).not.toMatch(new RegExp(`${API_KEY}|hunter2`));
  });

  story("answers nothing but what was asked: a changed prompt is a miss", async ({ project }) => {
    project.write("flow.yaml", flow);
    await project.start(["run", "flow.yaml", "--record", "r.yaml"], token).ended;
    project.edit("flow.yaml", "Write about", "Write much about");
    const replayed = ["run", "flow.yaml", "--replay", "r.yaml", "--report", "report.json"];
    const { code, stderr } = await project.start(replayed, offline).ended;
    expect(code).toBe(1);
    // The nearest request, line by line.
    expect(stripVTControlCharacters(stderr)).toMatch(
      /^ {11}the nearest is .*\n {13}- user: Write about .*\n {13}\+ user: Write much about /m,
    );
    expect(project.report().steps["draft"]?.results?.[0]?.error).toMatchObject({
      class: "invalid",
      code: "replay_miss",
    });
  });

  story(
    "a replay names what answered nothing; --update asks for what is missing, and takes that out",
    async ({ fake, project }) => {
      project.write("flow.yaml", flow);
      await project.start(["run", "flow.yaml", "--record", "r.yaml"], token).ended;
      const same = await project.start(["run", "flow.yaml", "--replay", "r.yaml"], offline).ended;
      expect([same.code, same.stderr.includes("answered nothing")]).toEqual([0, false]);

      project.edit("flow.yaml", "[Alpha, Beta]", "[Alpha, Gamma]");
      const strict = await project.start(["run", "flow.yaml", "--replay", "r.yaml"], offline).ended;
      expect([strict.code, fake.count()]).toEqual([1, 3]);
      expect(strict.stderr).toMatch(
        /r\.yaml: 2 entries answered nothing: draft\[1\] \(line \d+\), verdict \(line \d+\)\n/,
      );
      const before = project.read("r.yaml");
      const keyless = await project.start(["run", "flow.yaml", "--replay", "r.yaml", "--update"], offline).ended;
      expect([keyless.code, project.read("r.yaml")]).toEqual([2, before]);

      const updated = await project.start(["run", "flow.yaml", "--replay", "r.yaml", "--update"], token).ended;
      expect([updated.code, fake.count()]).toEqual([0, 5]);
      expect(updated.stderr).toMatch(/2 entries answered nothing and are taken out: draft\[1\]/);
      expect(updated.stderr).toContain("r.yaml: 2 entries added\n");
      expect(updated.stderr).toContain("models are asked for those that the recording lacks");
      expect(updated.stderr).not.toContain("no model is asked");
      expect(project.read("r.yaml")).not.toMatch(new RegExp(`Beta|${API_KEY}|hunter2`));

      const replayed = await project.start(["run", "flow.yaml", "--replay", "r.yaml"], offline).ended;
      expect([replayed.code, fake.count(), replayed.stdout]).toEqual([0, 5, updated.stdout]);
      expect(replayed.stderr).not.toContain("answered nothing");
      const after = project.read("r.yaml");
      await project.start(["run", "flow.yaml", "--replay", "r.yaml", "--update"], token).ended;
      expect([fake.count(), project.read("r.yaml")]).toEqual([5, after]);
    },
  );

  story("--update without a recording, or with one written by hand, is refused", async ({ project }) => {
    project.write("flow.yaml", flow);
    expect((await project.start(["run", "flow.yaml", "--update"], token).ended).stderr).toBe(
      "muster: --update brings the recording of --replay FILE up to date: name one\n",
    );
    project.write("s.yaml", "muster_recording: 1\norigin: scripted\nentries:\n  - { step: a, reply: { text: b } }\n");
    const refused = await project.start(["run", "flow.yaml", "--replay", "s.yaml", "--update"], token).ended;
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "muster: --update: s.yaml is written by hand; add the entries that it lacks there\n",
    ]);
  });

  story("keeps what came before a failure, and the failure", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    fake.on("Judge", { kind: "fail", status: 400, type: "invalid_request_error", message: "too odd" });
    const { code } = await project.start(["run", "flow.yaml", "--record", "r.yaml"], token).ended;
    expect(code).toBe(1);
    expect(project.read("r.yaml")).toMatch(
      /step: draft\[1\][\s\S]*step: verdict[\s\S]*failure:\n {6}class: invalid\n {6}code: http_400/,
    );
  });

  story("keeps what came before an interrupt", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const judged = fake.nextRequest("Judge");
    const child = project.start(["run", "flow.yaml", "--record", "r.yaml"], token);
    await judged;
    child.signal("SIGINT");
    await child.shows("stopping");
    child.signal("SIGINT");
    expect((await child.ended).code).toBe(130);
    expect(project.read("r.yaml").match(/^ {2}- step: .*/gm)).toHaveLength(2);
  });

  story("is refused beside --replay", async ({ project }) => {
    project.write("flow.yaml", flow);
    const { code, stderr } = await project.muster("run", "flow.yaml", "--record", "r.yaml", "--replay", "r.yaml");
    expect([code, stderr]).toEqual([
      2,
      "muster: --record and --replay: a replay asks no model, so there is nothing to record; take one of them\n",
    ]);
  });

  story("says before the run that its folder is missing", async ({ fake, project }) => {
    project.write("flow.yaml", flow);
    const { code, stderr } = await project.start(["run", "flow.yaml", "--record", "no/r.yaml"], token).ended;
    expect([code, fake.count()]).toEqual([2, 0]);
    expect(stderr).toMatch(/^muster: --record no\/r\.yaml: there is no folder .*no\n$/);
  });
});
