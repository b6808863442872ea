/** The environment variables of the process. */
export type Environment = { readonly [name: string]: string | undefined };
