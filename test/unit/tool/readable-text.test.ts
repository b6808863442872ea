import { expect, it } from "vitest";
import { readableText } from "../../../src/tool/web/readable-text.ts";

const base = new URL("https://example.com/docs/");

it("a page reads as a person would read it", () => {
  const html = `<!doctype html><html><head><title> A &amp; B </title><style>p{}</style></head>
<body><script>alert("<p>no</p>")</script><nav><a href="/home">Home</a></nav>
<h1>Head</h1><p>One&nbsp;two   three<br>four</p><ul><li>a</li><li><b>b</b></li></ul>
<!-- hidden <p>comment</p> --><table><tr><td>x</td><td>y</td></tr></table>
<a href="page?x=1&amp;y=2#z">link</a> <a href="javascript:alert(1)">bad</a> &#65;&#x42;&unknown;</body></html>`;
  expect(readableText(html, base).split("\n")).toEqual([
    "# A & B",
    "Home (https://example.com/home)",
    "Head",
    "One two three",
    "four",
    "- a",
    "- b",
    "| x | y",
    "link (https://example.com/docs/page?x=1&y=2#z) bad AB&unknown;",
  ]);
});

it.each(["", "<", "<<<>>>", "<script>", "<!--", "<a href=", "</a>", "<a href='x'>", "&#0;&#99999999;"])(
  "what is no page at all is no trouble: %j",
  (html) => {
    expect(typeof readableText(html, base)).toBe("string");
  },
);

it("a page of nothing but openings takes no time that grows faster than it", () => {
  const html = "<script><a href='".repeat(50_000);
  expect(readableText(html, base)).toBe("");
});
