import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client";

/** What a server answers, as a text for a model: pictures and sounds are named, not shown. */
export function resultText({ content, structuredContent }: CallToolResult): string {
  const blocks = (content ?? []).map(blockText).filter((text) => text !== "");
  if (blocks.length > 0) return blocks.join("\n");
  return structuredContent === undefined ? "[it answered nothing]" : JSON.stringify(structuredContent);
}

function blockText(block: ContentBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "image":
    case "audio":
      return `[${block.type}: ${block.mimeType}, ${Math.floor((block.data.length * 3) / 4)} bytes, not shown]`;
    case "resource_link":
      return `[a resource: ${block.name}, ${block.uri}]`;
    case "resource":
      return "text" in block.resource
        ? `${block.resource.uri}\n${block.resource.text}`
        : `[a resource: ${block.resource.uri}, not shown]`;
    default:
      return "[something that this version cannot show]";
  }
}
