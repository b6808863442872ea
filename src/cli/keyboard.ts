/** Lines that a person types. */
export interface Keyboard {
  /** The next line, without its end; null when the signal ended the wait, or no line will ever come. */
  line(signal: AbortSignal): Promise<string | null>;
  /** Nobody reads any more; harmless when called twice. */
  close(): void;
}

/**
 * The keyboard of this process. The terminal itself does the editing, so Ctrl-C stays a signal and Ctrl-D an end. Reads
 * nothing before the first `line`.
 */
export function processKeyboard(input: NodeJS.ReadStream): Keyboard {
  const typed: string[] = [];
  let rest = "";
  let waiting: ((line: string | null) => void) | null = null;
  let isOpen = false;
  let isOver = false;
  const give = (line: string | null): void => {
    const answer = waiting;
    waiting = null;
    answer?.(line);
  };
  const onData = (text: string): void => {
    const lines = `${rest}${text}`.split(/\r?\n/);
    rest = lines.pop() ?? "";
    typed.push(...lines);
    if (waiting !== null && typed.length > 0) give(typed.shift() as string);
  };
  const onEnd = (): void => {
    isOver = true;
    give(null);
  };
  return {
    line(signal) {
      if (!isOpen) {
        isOpen = true;
        input.setEncoding("utf8").on("data", onData).on("end", onEnd).on("error", onEnd);
      }
      input.resume();
      const next = typed.shift();
      if (next !== undefined) return Promise.resolve(next);
      if (isOver || signal.aborted) return Promise.resolve(null);
      return new Promise((resolve) => {
        const stop = (): void => give(null);
        signal.addEventListener("abort", stop, { once: true });
        waiting = (line) => {
          signal.removeEventListener("abort", stop);
          resolve(line);
        };
      });
    },
    close() {
      isOver = true;
      give(null);
      if (isOpen) input.off("data", onData).pause();
    },
  };
}
