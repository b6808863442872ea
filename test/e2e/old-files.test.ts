import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { createSchemaCheck } from "../../src/util/schema-check.ts";
import type { JsonObject } from "../../src/util/json.ts";
import { story } from "../rig/muster/e2e.ts";
import type { Project } from "../rig/muster/project.ts";

/**
 * What earlier versions of muster left behind, as they wrote it: run `done` has succeeded, run `half` was killed before
 * its last call. `state-v2` was written by commit 310e153; version 3 follows when it is released.
 */
const fixtures = join(import.meta.dirname, "../fixture");
const versions = readdirSync(fixtures).filter((name) => /^state-v\d+$/.test(name));

/** A project as the earlier version left it. */
function unpack(project: Project, version: string): void {
  mkdirSync(join(project.folder, ".muster"));
  for (const [name, place] of [
    ["state.db", ".muster/state.db"],
    ["flow.yaml", "flow.yaml"],
    ["recording.yaml", "recording.yaml"],
  ] as const)
    cpSync(join(fixtures, version, name), join(project.folder, place));
}

const jsonLines = (text: string): JsonObject[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as JsonObject);
const read = (version: string, name: string): string => readFileSync(join(fixtures, version, name), "utf8");

describe("files of earlier versions", () => {
  story.for(versions)("%s: runs are shown, with the events as they were", async (version, { project }) => {
    unpack(project, version);
    const shown = JSON.parse((await project.muster("show", "done", "--json")).stdout) as JsonObject;
    expect(shown["outputs"]).toEqual((JSON.parse(read(version, "report.json")) as JsonObject)["outputs"]);
    expect((await project.muster("runs")).stdout).toMatch(/half[^]*done/);
    const logs = await project.muster("logs", "done", "--json");
    expect(jsonLines(logs.stdout)).toEqual(jsonLines(read(version, "events.ndjson")));
    expect((await project.muster("doctor", "--repair")).stdout).toContain("every row is whole");
  });

  story.for(versions)(
    "%s: a run that was killed goes on, and pays nothing twice",
    async (version, { fake, project }) => {
      unpack(project, version);
      fake.on("End", "The end.");
      expect(await project.muster("resume", "half", "--report", "report.json")).toMatchObject({ code: 0 });
      expect(project.report().outputs).toEqual({ text: "The end." });
      expect([fake.count(), fake.count("End")]).toEqual([1, 1]);
    },
  );

  story.for(versions)("%s: a recording answers", async (version, { fake, project }) => {
    unpack(project, version);
    const args = ["run", "flow.yaml", "--input", "topic=zoo", "--replay", "recording.yaml", "--report", "report.json"];
    expect(await project.muster(...args)).toMatchObject({ code: 0 });
    expect(project.report().outputs).toEqual((JSON.parse(read(version, "report.json")) as JsonObject)["outputs"]);
    expect(fake.count()).toBe(0);
  });

  story.for(versions)("%s: reports and events fit the schemas of today", (version) => {
    const check = createSchemaCheck();
    const schema = (name: string): JsonObject =>
      JSON.parse(readFileSync(join(fixtures, "../../schemas", name), "utf8")) as JsonObject;
    expect(check(schema("report.v1.json"), JSON.parse(read(version, "report.json")) as JsonObject)).toEqual([]);
    const ofEvents = schema("event.v1.json");
    for (const event of jsonLines(read(version, "events.ndjson"))) expect(check(ofEvents, event)).toEqual([]);
  });
});
