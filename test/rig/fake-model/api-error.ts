/** An error as the real API answers it. */
export interface ApiError {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  /** Of OpenAI's errors: what is wrong, in a word. */
  readonly code?: string | null;
  /** Of OpenAI's errors: the parameter that is wrong. */
  readonly param?: string | null;
  readonly headers?: { readonly [name: string]: string };
}
