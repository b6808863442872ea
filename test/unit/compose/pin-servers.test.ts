import { expect, it } from "vitest";
import { agreedTools } from "../../../src/compose/pin-servers.ts";
import type { PinnedTool } from "../../../src/plan/mcp-server.ts";

const tool = (name: string, effect: PinnedTool["effect"], description = ""): PinnedTool => ({
  name,
  description,
  inputSchema: { type: "object" },
  effect,
});

it("what a person wrote of an effect stays as long as nothing else has changed", () => {
  const before = new Map([["desk", [tool("same", "unsafe"), tool("told", "unsafe"), tool("gone", "none")]]]);
  const found = [tool("new", "none"), tool("same", "none"), tool("told", "none", "Another.")];
  expect(agreedTools("desk", found, before)).toEqual({
    tools: [tool("new", "none"), tool("same", "unsafe"), tool("told", "none", "Another.")],
    changes: ["+ new", "~ told", "- gone"],
  });
});
