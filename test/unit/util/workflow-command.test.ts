import { describe, expect, it } from "vitest";
import { workflowCommand } from "../../../src/util/workflow-command.ts";
import { commandsIn } from "../../rig/github/runner.ts";

describe("a command to GitHub's runner", () => {
  it("is one line, whatever it says, and is read as it was meant", () => {
    const text = "100%\r\n::error::x,file=y:z %0A ##[error]";
    const line = workflowCommand("warning", { file: text, line: 3, title: undefined }, text);
    expect(line.split("\n")).toHaveLength(2);
    expect(commandsIn(line)).toEqual([{ name: "warning", properties: { file: text, line: "3" }, message: text }]);
    expect(workflowCommand("endgroup", {}, "")).toBe("::endgroup::\n");
  });
});
