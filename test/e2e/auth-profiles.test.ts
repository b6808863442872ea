import { fileURLToPath } from "node:url";
import { describe, expect } from "vitest";
import { startHttpServer } from "../rig/fake-mcp/http.ts";
import { toolReply } from "../rig/fake-model/answer.ts";
import { story } from "../rig/muster/e2e.ts";

const fakeServer = fileURLToPath(new URL("../rig/fake-mcp/main.ts", import.meta.url));
const node = JSON.stringify(process.execPath);

/** What an agent has of its own: one key for its model, one for the program of its server, one for its web server. */
const keysOf = (who: string): readonly string[] => ["MODEL", "DESK", "WEB"].map((what) => `${who}_${what}`);
const valueOf = (name: string): string => `value-of-${name.toLowerCase()}-0123456789`;
const all = [...keysOf("RED"), ...keysOf("BLUE"), "RED_ENV", "BLUE_ENV"];

/** Prints its whole environment. */
const printer = `process.stdout.write(Object.entries(process.env).map((entry) => entry.join("=")).join("\\n"))`;

describe("agents with credentials of their own", () => {
  story(
    "do not see one another's: in requests, on servers, in the environment of programs",
    async ({ fake, project }) => {
      const web = await startHttpServer();
      const agent = (who: string): string => `
  ${who}:
    model: ${who}
    tools: [mcp:desk/environment, mcp:web/whoami]
    permissions: { shell: [${node}], network: [127.0.0.1] }
    mcp:
      desk: { command: ${node}, args: [${JSON.stringify(fakeServer)}], sandbox: "off", env: { DESK_KEY: "{{ secrets.${who.toUpperCase()}_DESK }}" } }
      web: { url: "${web.url}", headers: { x-team: "{{ secrets.${who.toUpperCase()}_WEB }}" } }
  ${who}-program:
    command: { argv: [${node}, -e, ${JSON.stringify(printer)}], stdin: prompt }
    env: { OWN: "{{ secrets.${who.toUpperCase()}_ENV }}" }`;
      project.write(
        "flow.yaml",
        `muster: 1
name: profiles
secrets: [${all.join(", ")}]
permissions: { shell: any, network: [127.0.0.1] }
models:
  red: { model: anthropic/claude-haiku-5-5, api_key: "\${{ secrets.RED_MODEL }}" }
  blue: { model: anthropic/claude-haiku-5-5, api_key: "\${{ secrets.BLUE_MODEL }}" }
agents:${agent("red")}${agent("blue")}
steps:
  red: { agent: red, task: I am red }
  blue: { agent: blue, task: I am blue }
  red_program: { agent: red-program, task: Print }
  blue_program: { agent: blue-program, task: Print }
outputs: { red: "\${{ steps.red_program.output }}", blue: "\${{ steps.blue_program.output }}" }
`,
      );
      for (const name of all) project.env[name] = valueOf(name);
      expect((await project.muster("validate", "--pin-tools", "flow.yaml")).code).toBe(0);
      web.forget();
      fake.on(
        ({ body }) => body.messages.length === 1,
        toolReply(["mcp__desk__environment", {}], ["mcp__web__whoami", {}]),
      );
      fake.on(({ body }) => body.messages.length === 3, "done");
      const ran = await project.muster("run", "flow.yaml", "--report", "report.json");
      expect(ran).toMatchObject({ code: 0 });

      // Each request of a model goes with the key of its agent, and no other.
      const keys = new Set(
        fake.requests.map(
          ({ text, headers }) =>
            `${/I am (\w+)/.exec(text)?.[1] ?? ""} ${String(headers["x-api-key"] ?? headers.authorization).replace("Bearer ", "")}`,
        ),
      );
      expect([...keys].toSorted()).toEqual([`blue ${valueOf("BLUE_MODEL")}`, `red ${valueOf("RED_MODEL")}`]);
      // What each server was given is told to its agent redacted, under its name.
      const seen = (who: string): string =>
        JSON.stringify(
          fake.requests.find(({ text, body }) => text.includes(`I am ${who}`) && body.messages.length === 3)?.body,
        );
      expect(seen("red")).toContain("[secret:RED_DESK]");
      expect(seen("red")).toContain("team [secret:RED_WEB]");
      expect(seen("red")).not.toContain("BLUE");
      expect(seen("blue")).not.toContain("RED");
      const teams = new Set(web.asked.map((headers) => String(headers["x-team"])));
      expect([...teams].toSorted()).toEqual([valueOf("BLUE_WEB"), valueOf("RED_WEB")]);
      // Programs get their own, and none of the others; values are on no record.
      const { red, blue } = project.report().outputs as { readonly red: string; readonly blue: string };
      expect(red.match(/secret:\w+/g)).toEqual(["secret:RED_ENV"]);
      expect(blue.match(/secret:\w+/g)).toEqual(["secret:BLUE_ENV"]);
      for (const { bytes } of project.files())
        for (const name of all) expect(bytes.includes(valueOf(name))).toBe(false);
      web.close();
    },
  );
});
