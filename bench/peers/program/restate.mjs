// Restate: its server, and a service of this process that it calls.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ask, freePort, load, measure, timed, told } from "./tools.mjs";

const restate = await load("restate", "@restatedev/restate-sdk");
const steps = async (ctx, size, atOnce, work) => {
  for (let from = 0; from < size; from += atOnce)
    await restate.RestatePromise.all(
      Array.from({ length: Math.min(atOnce, size - from) }, (_, i) => ctx.run(`s${from + i}`, work)),
    );
};
const nothing = () => 1;
const bench = restate.service({
  name: "Bench",
  handlers: {
    chain: (ctx, { size }) => steps(ctx, size, 1, nothing),
    fan: (ctx, { size }) => steps(ctx, size, 64, nothing),
    layers: (ctx, { size }) => steps(ctx, size, 20, nothing),
    calls: (ctx, { size, url }) => steps(ctx, size, 20, () => ask(url)),
  },
});

async function serve({ folder, work, size, url }) {
  const [service, admin, ingress, node] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  await restate.serve({ services: [bench], port: service });
  const server = spawn(
    join(told.home, "restate/node_modules/.bin/restate-server"),
    ["--base-dir", join(folder, "restate")],
    {
      stdio: "ignore",
      env: {
        ...process.env,
        RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
        RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
        RESTATE_DISABLE_TELEMETRY: "true",
      },
    },
  );
  try {
    const uri = `http://127.0.0.1:${service}`;
    for (let tries = 0; ; tries += 1) {
      const registered = await post(`http://127.0.0.1:${admin}/deployments`, { uri, force: true }).catch(String);
      if (registered === null) break;
      if (tries > 300) throw new Error(`the server does not come up: ${registered}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return await timed(async () => {
      const problem = await post(`http://127.0.0.1:${ingress}/Bench/${work}`, { size, url });
      if (problem !== null) throw new Error(problem);
    });
  } finally {
    server.kill("SIGTERM");
  }
}

async function post(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return response.ok ? null : `${response.status} ${text}`;
}

await measure({ chain: serve, fan: serve, layers: serve, calls: serve });
