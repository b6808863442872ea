/** What is in these is not for readers. */
const hidden = ["script", "style", "noscript", "template", "svg", "iframe", "head"];

/** These begin a line of their own. */
const blocks =
  /^(?:p|div|br|hr|h[1-6]|ul|ol|li|table|tr|section|article|header|footer|main|nav|aside|pre|blockquote|dl|dt|dd|form|figure)$/;

const entities: { readonly [name: string]: string } = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  mdash: "—",
  ndash: "–",
  hellip: "…",
  copy: "©",
};

/**
 * The text of an HTML page as a person would read it: the title, lines for blocks, `- ` before the entries of lists, the
 * addresses of links behind them in parentheses. Not a parser: it takes time in the length of the page, whatever is in it.
 */
export function readableText(html: string, base: URL): string {
  const title = /<title[^>]{0,1000}>([^<]{0,1000})/i.exec(html)?.[1] ?? "";
  const pieces: string[] = [];
  let link: string | null = null;
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) {
      pieces.push(html.slice(at));
      break;
    }
    pieces.push(html.slice(at, open));
    if (html.startsWith("<!--", open)) {
      const end = html.indexOf("-->", open + 4);
      at = end < 0 ? html.length : end + 3;
      continue;
    }
    const close = html.indexOf(">", open);
    if (close < 0) break;
    const tag = html.slice(open + 1, close);
    const name = /^\/?[a-z][a-z0-9]*/i.exec(tag)?.[0].toLowerCase() ?? "";
    at = close + 1;
    if (hidden.includes(name)) at = endOf(html, name, at);
    else if (name === "li") pieces.push("\n- ");
    else if (name === "td" || name === "th") pieces.push(" | ");
    else if (name === "a") link = addressOf(tag, base);
    else if (name === "/a") {
      if (link !== null) pieces.push(` (${link})`);
      link = null;
    } else if (blocks.test(name.replace("/", ""))) pieces.push("\n");
  }
  const text = decodeEntities(pieces.join(""))
    .split("\n")
    .map((line) => line.replace(/[ \t\r\f\u00a0]+/g, " ").trim())
    .filter((line) => line !== "" && line !== "-")
    .join("\n");
  const heading = decodeEntities(title).replace(/\s+/g, " ").trim();
  return heading === "" ? text : `# ${heading}\n${text}`;
}

function endOf(html: string, name: string, from: number): number {
  const pattern = new RegExp(`</${name}`, "gi");
  pattern.lastIndex = from;
  const end = pattern.exec(html);
  if (end === null) return html.length;
  const close = html.indexOf(">", end.index);
  return close < 0 ? html.length : close + 1;
}

function addressOf(tag: string, base: URL): string | null {
  const href = /\shref\s*=\s*(?:"([^"]{1,2000})"|'([^']{1,2000})'|([^\s"'>]{1,2000}))/i.exec(tag);
  const written = decodeEntities(href?.[1] ?? href?.[2] ?? href?.[3] ?? "");
  if (written === "" || written.startsWith("#") || !URL.canParse(written, base.href)) return null;
  const url = new URL(written, base.href);
  return url.protocol === "http:" || url.protocol === "https:" ? url.href : null;
}

function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, decimal, hex, name) => {
    const word = name as string | undefined;
    if (word !== undefined) return entities[word.toLowerCase()] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex as string, 16) : Number(decimal);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}
