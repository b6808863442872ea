/** Whom a provider calls, and where the user can change it: for messages. */
export interface Endpoint {
  /** Host and port. */
  readonly host: string;
  /** Where the address comes from, e.g. "ANTHROPIC_BASE_URL or `base_url`". */
  readonly addressFrom: string;
  /** Where the key comes from, e.g. "ANTHROPIC_API_KEY, or `api_key` of the model". */
  readonly keyFrom: string;
  /** What to do when nobody listens there; null = nothing in particular. */
  readonly unreachableHelp: string | null;
}
