/** The promise, or `instead` as soon as the signal is aborted; what comes of the promise then is left aside. */
export async function orAborted<Value, Instead>(
  promise: Promise<Value>,
  signal: AbortSignal,
  instead: () => Instead,
): Promise<Value | Instead> {
  let onAbort = (): void => {};
  const aborted = new Promise<Instead>((resolve) => {
    onAbort = () => resolve(instead());
  });
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
