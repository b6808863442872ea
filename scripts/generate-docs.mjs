// Writes docs/language.md, the reference of the manifest language, from schemas/workflow.v1.json.
// `--check` writes nothing and exits 1 when the page is not what the schema says.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";

const root = new URL("../", import.meta.url);
const page = new URL("docs/language.md", root);
const schema = JSON.parse(readFileSync(new URL("schemas/workflow.v1.json", root), "utf8"));

const head = `# The manifest language, version 1

<!-- Generated from schemas/workflow.v1.json by scripts/generate-docs.mjs: change the schema, not this file. -->

Every key of a manifest, with its meaning and an example. [Getting started](getting-started.md) shows them at work,
[Concepts](concepts.md) explains what they are for. Put this line at the top of a file, and an editor with a YAML
language server completes and explains the keys while you type:

\`\`\`yaml
# yaml-language-server: $schema=../node_modules/agentmuster/schemas/workflow.v1.json
\`\`\`

Unknown keys are errors, but those that start with \`x-\` are yours. What is marked **not in this version yet** is part of
the language, and refused with these words until it is built.
`;

const values = `## Values and expressions

| Form | Meaning | Where |
| --- | --- | --- |
| \`\${{ expr }}\` as the whole value | a typed value, computed by [CEL](https://cel.dev) | \`for_each\`, \`value\`, \`outputs\`, \`on_error.output\` and other values |
| \`expr\` | the same, without the braces | \`if\`, \`until\`, \`item_key\` |
| \`{{ path }}\` inside a text | text, put in by [Handlebars](https://handlebarsjs.com) without escaping | \`task\`, \`instructions\`, \`stdin\`, \`env\`, \`cwd\`, argv of \`run\`, all texts of \`http\`, \`connection\` of \`sql\`, keys of \`state\` |

In a shell script of \`run\` nothing is put in: a value comes through \`env\` or \`stdin\`, so it can never become a command.

**Names:** \`inputs\`, \`steps.ID.output\`, \`.status\`, \`.error\`, \`.results\` and \`.failed\` (of \`for_each\`),
\`.exit_code\` and \`.stderr\` (of \`run\`), \`.status_code\` (of \`http\`), \`item\` and \`index\` (in \`for_each\`), \`items\` (in a \`batch\`), \`matrix\`,
\`previous\` (in \`repeat\` and \`fallback\`; null at first), \`output\` (in \`until\`), \`env\`, \`run\`
(\`id name version started_at\`; in \`finally\` also \`status\` and \`error\`), and \`secrets\` in \`env\`, in headers and body of \`http\`, as its whole \`url\`, and in \`connection\` of \`sql\`. Whoever reads
\`steps.ID\` waits for it. The steps inside of a group see all that the group sees; from outside only its \`outputs\` are seen,
as \`steps.GROUP.output.NAME\`. A workflow that another one uses sees nothing of it but its own \`inputs\`.

**CEL** has its standard functions and macros, and \`success() failure() always() cancelled()\`, \`coalesce(a, b, ...)\`,
\`sum(list)\`, \`from_json(s)\`, \`to_json(v)\`, \`lines(s)\`. **Handlebars** has \`{{#if}} {{#unless}} {{#each}} {{#with}}\`, and
\`json join lines truncate indent default eq ne lt gt and or not\`. \`{{> name}}\` puts in a text of \`prompts/\` beside the
manifest (\`prompts/name.md\`), expressions included; \`{{ file "notes.md" }}\` puts in a file of the repository as it is, and
\`{{ file item }}\` one that \`for_each: { glob: ... }\` found; \`{{ artifact "notes.md" }}\` puts in a file of the run. In CEL a null
is an error where a value is needed, but in \`coalesce\`; in a text it prints nothing.
`;

/** The sections in the order of the page; others follow as they are met. */
const titles = {
  input: "An input",
  model: "A model",
  modelSettings: "A model with settings",
  price: "A price",
  agent: "An agent",
  limits: "Limits",
  defaults: "Defaults",
  step: "Steps",
  retry: "Retry",
  needs: "Needs",
  forEach: "For each",
  join: "Join",
  batch: "Batch",
  matrix: "Matrix",
  repeat: "Repeat",
  fallback: "Fallback",
  workspace: "Workspace",
  simulate: "Simulate",
  onError: "On error",
  jsonSchemaObject: "JSON Schema",
};

const defs = schema.$defs;
const kinds = defs.step.anyOf.map(({ $ref }) => nameOf($ref));
const common = commonKeys();
const written = new Set();
/** Names of definitions that only keys of later versions point at. */
const laterOnes = [];

const text = makePage();
if (process.argv.includes("--check")) {
  if (text !== read(page)) {
    console.error(`${fileURLToPath(page)} is not what the schema says; run: node scripts/generate-docs.mjs`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, text);
}

function makePage() {
  const parts = [head, section("The file", schema), values];
  for (const name of Object.keys(titles)) parts.push(name === "step" ? steps() : sectionOf(name));
  parts.push("## Later\n\nNothing of this chapter is in this version yet.\n");
  for (const name of kinds.filter((kind) => isLater(defs[kind]))) parts.push(kindSection(name));
  while (laterOnes.length > 0) parts.push(sectionOf(laterOnes.shift(), "###"));
  return `${parts
    .filter((part) => part !== "")
    .join("\n")
    .trimEnd()}\n`;
}

function steps() {
  written.add("step");
  const built = kinds.filter((name) => !isLater(defs[name]));
  return [
    `## ${titles.step}\n\nA step has exactly one of the keys ${list(built.map(kindOf))}, which says what it does.\n`,
    section("Keys of every step", { properties: common }, "###"),
    ...built.map(kindSection),
  ].join("\n");
}

/** A kind of step with the keys that only it has. */
function kindSection(name) {
  written.add(name);
  const own = Object.entries(defs[name].properties).filter(([key]) => !(key in common));
  return section(titleOf(name), { ...defs[name], properties: Object.fromEntries(own) }, "###");
}

function sectionOf(name, level = "##") {
  if (written.has(name)) return "";
  written.add(name);
  return section(titleOf(name), defs[name], level);
}

function section(title, node, level = "##") {
  const rows = rowsOf(node, "");
  const said = node === schema || !node.description ? [] : [plain(node.description), ...node.examples.map(block)];
  const table = rows.length === 0 ? [] : [["| Key | Meaning | Example |", "| --- | --- | --- |", ...rows].join("\n")];
  return `${[`${level} ${title}`, ...said, ...table].join("\n\n")}\n`;
}

/** A row for each key below a schema, nested ones with dots, `NAME` for names that the author chooses. */
function rowsOf(node, prefix) {
  const rows = [];
  for (const [key, written] of Object.entries(node.properties ?? {})) {
    const child = whole(written);
    if (!child.description || !child.examples) throw new Error(`${prefix}${key} has no description or no example`);
    rows.push(`| \`${prefix}${key}\` | ${meaning(child)} | ${child.examples.map(inline).join("<br>")} |`);
    rows.push(...nested(child, `${prefix}${key}`));
  }
  for (const variant of node.anyOf ?? []) rows.push(...rowsOf(variant, prefix));
  return rows;
}

/** Rows of what lies inside a key; a named definition gets a section of its own. */
function nested(node, path) {
  if (node.$ref) {
    const name = nameOf(node.$ref);
    if (hasSection(name)) {
      if (!written.has(name) && !(name in titles) && !laterOnes.includes(name)) laterOnes.push(name);
      return [];
    }
    return nested(defs[name], path);
  }
  const rows = rowsOf(node, `${path}.`);
  if (typeof node.additionalProperties === "object") rows.push(...nested(node.additionalProperties, `${path}.NAME`));
  if (node.items) rows.push(...nested(node.items, `${path}[]`));
  return rows;
}

/** A definition with keys of its own is a section. */
function hasSection(name) {
  const node = defs[name];
  return (
    name === "step" ||
    name in titles ||
    node.properties !== undefined ||
    (node.anyOf ?? []).some(({ properties }) => properties !== undefined)
  );
}

function meaning(node) {
  const target = targetOf(node);
  const link = target === null ? "" : ` See [${titleOf(target)}](#${anchor(titleOf(target))}).`;
  const note = isLater(node) ? "**Not in this version yet.** " : "";
  const { enum: names } = node.$ref ? defs[nameOf(node.$ref)] : node;
  const choice = names && names.length < 9 ? ` One of ${list(names)}.` : "";
  return cell(`${note}${plain(node.description)}${choice}${link}`);
}

/** The section that says what a key may hold, null when there is none. */
function targetOf(node) {
  if (!node.$ref) return typeof node.additionalProperties === "object" ? targetOf(node.additionalProperties) : null;
  const name = nameOf(node.$ref);
  return hasSection(name) ? name : targetOf(defs[name]);
}

/** Without the words for the editor, which the page says in its own way. */
function plain(description) {
  return description.replace(/^Not in this version yet\. /, "");
}

function titleOf(name) {
  if (kinds.includes(name)) return `\`${kindOf(name)}\` steps`;
  return titles[name] ?? upper(words(name));
}

function isLater(node) {
  return node["x-since"] === "later" || (node.$ref !== undefined && defs[nameOf(node.$ref)]["x-since"] === "later");
}

/** The keys that every kind of step has, in the same form. */
function commonKeys() {
  const [first, ...others] = kinds.map((name) => defs[name].properties);
  const same = (key) =>
    others.every((properties) => properties[key] !== undefined && isLater(properties[key]) === isLater(first[key]));
  return Object.fromEntries(Object.entries(first).filter(([key]) => same(key)));
}

/** A reference takes description and example of its definition where it has none. */
function whole(node) {
  return node.$ref ? { ...pick(defs[nameOf(node.$ref)]), ...node } : node;
}

function pick({ description, examples }) {
  return { description, examples };
}

function inline(example) {
  return cell(
    `\`${stringify(example, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: true }).trim()}\``,
  );
}

function block(example) {
  return `\`\`\`yaml\n${stringify(example, { lineWidth: 0 }).trimEnd()}\n\`\`\``;
}

function cell(text) {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}

function anchor(title) {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 _-]/g, "")
    .replaceAll(" ", "-");
}

function list(names) {
  return names.map((name) => `\`${name}\``).join(", ");
}

function words(name) {
  return name.replaceAll(/([A-Z])/g, " $1").toLowerCase();
}

function upper(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function kindOf(name) {
  return defs[name]["x-kind"];
}

function nameOf(ref) {
  return ref.slice("#/$defs/".length);
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
