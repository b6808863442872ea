/** The parts of a Messages request that the fake reads, once `refusal` has let it pass. */
export interface WireRequest {
  readonly model: string;
  readonly max_tokens: number;
  readonly messages: readonly WireMessage[];
  readonly system?: string | readonly WireBlock[];
  readonly stream?: boolean;
  readonly tools?: readonly WireTool[];
  readonly temperature?: number;
  readonly output_config?: {
    readonly effort?: string;
    readonly format?: { readonly type: "json_schema"; readonly schema: Record<string, unknown> };
  };
}

export interface WireTool {
  /** Of a tool that the API does by itself. */
  readonly type?: string;
  readonly max_uses?: number;
  readonly name: string;
  readonly description?: string;
  readonly input_schema?: { readonly type?: string };
  readonly cache_control?: { readonly type: string };
}

export interface WireMessage {
  readonly role: "user" | "assistant";
  readonly content: string | readonly WireBlock[];
}

export interface WireBlock {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly is_error?: boolean;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly cache_control?: { readonly type: string };
}

/** The blocks of a message's or system prompt's content. */
export function blocksOf(content: string | readonly WireBlock[] | undefined): readonly WireBlock[] {
  if (content === undefined) return [];
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** All text of a content. */
export function textOf(content: string | readonly WireBlock[] | undefined): string {
  return blocksOf(content)
    .map((block) => block.text ?? (typeof block.content === "string" ? block.content : ""))
    .join("\n");
}
