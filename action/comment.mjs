// Keeps one comment on the pull request that the job is for: what the change means, or why that could not be told. Without
// a change it says so, and only where there was a comment before; likewise where nothing was found out at all.
import { readFileSync } from "node:fs";

const MARK = "<!-- muster diff -->";
const NO_CHANGE = "**Muster: no workflow changed its meaning.**";
const NOTHING_TOLD = "**Muster: what the change means could not be told.** The log of the job says why.";
const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_EVENT_PATH, GITHUB_TOKEN, MUSTER_COMMENT } = process.env;

const event = JSON.parse(readFileSync(GITHUB_EVENT_PATH, "utf8"));
const number = event.pull_request?.number;
if (!Number.isSafeInteger(number)) {
  console.log("::notice title=muster::no comment: the job is not for a pull request");
  process.exit(0);
}
const text = MUSTER_COMMENT ? readFileSync(MUSTER_COMMENT, "utf8").trim() : "";
const isNews = text !== "" && text !== NO_CHANGE;
const issue = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues`;

async function ask(method, url, body) {
  const headers = {
    accept: "application/vnd.github+json",
    authorization: `Bearer ${GITHUB_TOKEN}`,
    "content-type": "application/json",
    "x-github-api-version": "2022-11-28",
  };
  const answer = await fetch(url, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!answer.ok) throw new Error(`${method} ${new URL(url).pathname}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}

/** The comment of an earlier run; others may quote the mark, so it has to begin with it. */
async function earlier() {
  for (let page = 1; ; page += 1) {
    const comments = await ask("GET", `${issue}/${number}/comments?per_page=100&page=${page}`);
    const found = comments.find(({ body, user }) => body?.startsWith(MARK) && user?.type === "Bot");
    if (found || comments.length < 100) return found ?? null;
  }
}

try {
  const before = await earlier();
  const body = `${MARK}\n${text === "" ? NOTHING_TOLD : text}\n`;
  if (before !== null) await ask("PATCH", `${issue}/comments/${before.id}`, { body });
  else if (isNews) await ask("POST", `${issue}/${number}/comments`, { body });
} catch (error) {
  // What was found out stands on the page of the job, too: a token without the right to comment is no failure.
  const message = String(error.message).replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  console.log(`::warning title=muster::no comment on the pull request: ${message}`);
}
