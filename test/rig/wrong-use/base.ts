import type { Json, JsonObject } from "../../../src/util/json.ts";

/** A manifest in which the examples of the schema find what they name. */
export const base: JsonObject = {
  muster: 1,
  name: "w",
  inputs: { sites: { type: "array", items: { type: "string" } }, text: { type: "string" } },
  secrets: ["TOKEN", "TEAM_KEY"],
  models: { smart: "anthropic/claude-sonnet-5-5", fast: "anthropic/claude-haiku-5-5" },
  agents: { expert: { model: "fast" }, reviewer: { model: "fast" } },
  sessions: { helpdesk: { agent: "expert" } },
  steps: { before: { run: "true" }, s: { run: "true" } },
};

const { steps: _steps, ...withoutSteps } = base;
const { sessions: _sessions, ...withoutSessions } = base;
const toolAgent = { model: "fast", tools: ["read_file", "shell"], permissions: { files: "read", shell: "any" } };
const anyTools = ["read_file", "shell", "web_fetch", "state_get"];
const anyPermissions = { files: "read", shell: "any", network: ["*"], state: "read" };
const asked = { agent: "reviewer", task: "Do it" };
const fan = { agent: "reviewer", task: "Do {{ item }}", for_each: "${{ inputs.sites }}" };
const typed = { type: "object", properties: { sure: { type: "boolean" } }, required: ["sure"] };
const run = { run: "true" };

/** Right values for places whose own examples say something about a file that is not this one. */
export const better: { readonly [path: string]: Json } = {
  ".inputs.NAME.type": ["string"],
  ".agents.NAME.tools": anyTools,
  ".agents.NAME.permissions": anyPermissions,
  ".agents.NAME.permissions.network": ["*"],
  ".agents.NAME.permissions.shell": ["git"],
  ".steps.NAME.(agent).needs[]": "before",
  ".agents.NAME.spawn": { agents: ["expert"], max_children: 5 },
  ".steps.NAME.(agent)": asked,
  ".steps.NAME.(agent).needs": "before",
  ".steps.NAME.(agent).needs.(any)": { any: ["before"] },
  ".steps.NAME.(agent).needs.(at_least)": { at_least: 1, of: ["before"] },
  ".steps.NAME.(agent).if": "inputs.text == 'a'",
  ".steps.NAME.(agent).item_key": "item",
  ".steps.NAME.(agent).repeat": { until: "size(output) > 3", max: 5 },
  ".steps.NAME.(agent).cache": { key: "inputs.text" },
  ".steps.NAME.(run).stdin": "{{ inputs.text }}",
  ".steps.NAME.(value)": { value: "${{ inputs.sites }}" },
  ".steps.NAME.(value).value": "${{ inputs.sites }}",
  ".steps.NAME.(handoff)": {
    handoff: [{ agent: "reviewer", accept: "output.sure" }, { agent: "expert" }],
    task: "Do it",
    output: typed,
  },
  ".steps.NAME.(http).http": { url: "https://api.example.com/items/{{ inputs.text }}" },
  ".steps.NAME.(http).http.body": { title: "{{ inputs.text }}" },
  ".steps.NAME.(sql).sql.params": ["${{ inputs.text }}"],
  ".sessions": { helpdesk: { agent: "expert" } },
  ".steps.NAME": { run: "true" },
  ".finally.NAME": { run: "true" },
  ".score": "1.0",
  ".outputs": { before: "${{ steps.before.output }}" },
};

/** The object around a key, where the one that is right elsewhere does not go with it. */
export const around: { readonly [path: string]: JsonObject } = {
  ".inputs.NAME.$ref": { $defs: { theme: { type: "string" } } },
  ".agents.NAME.tools": { model: "fast", permissions: anyPermissions },
  ".agents.NAME.permissions": { model: "fast", tools: anyTools },
  ".agents.NAME.sandbox": toolAgent,
  ".agents.NAME.resources": toolAgent,
  ".agents.NAME.max_turns": toolAgent,
  ".agents.NAME.mcp.NAME.url": {},
  ".agents.NAME.mcp.NAME.headers": { url: "https://example.com/mcp" },
  ".agents.NAME.acp": {},
  ".agents.NAME.command": {},
  ".steps.NAME.(agent).for_each": { agent: "reviewer", task: "Do it" },
  ".steps.NAME.(agent).join": fan,
  ".steps.NAME.(agent).max_parallel": fan,
  ".steps.NAME.(agent).max_items": fan,
  ".steps.NAME.(agent).fail_fast": fan,
  ".steps.NAME.(agent).item_key": fan,
  ".steps.NAME.(agent).batch": { ...fan, task: "Do {{ items }}" },
  ".steps.NAME.(agent).batch_api": fan,
  ".steps.NAME.(agent).workspace": run,
  ".steps.NAME.(agent).writes": run,
  ".steps.NAME.(approval).approval.on_timeout": { prompt: "Go?", timeout: "1h" },
  ".steps.NAME.(http).http.body": { method: "POST", url: "https://api.example.com" },
  ".steps.NAME.(sql).sql.params": { connection: "sqlite:data.db", query: "select ?" },
  ".steps.NAME.(wait).wait.until": {},
  ".permissions": { ...base, steps: { before: { value: 1 }, s: { value: 1 } } },
  ".variants": withoutSteps,
  ".sessions": withoutSessions,
};
