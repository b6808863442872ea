/** The environment variables of the process. */
export type Environment = { readonly [name: string]: string | undefined };

/** The environment of this process. */
export function processEnvironment(): Environment {
  return process.env;
}
