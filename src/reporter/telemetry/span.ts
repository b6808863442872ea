/** One span, finished. Times in milliseconds since 1970; ids as the W3C trace context spells them. */
export interface Span {
  readonly name: string;
  /** 16 hex digits. */
  readonly id: string;
  readonly parentId: string | null;
  /** A request to somebody else, such as a model; the others are work of this process. */
  readonly isClient: boolean;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: { readonly [name: string]: string | number | boolean };
  /** `failed` says no more than the class, in `error.type`: messages may hold content. */
  readonly status: "unset" | "ok" | "failed";
}
