/** The process around a command: its environment, files, streams and clock. Only main.ts makes the real one. */
export interface World {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Writes data for programs or people to standard output. */
  out(text: string): void
  /** Returns how many bytes standard output has not taken yet. */
  pendingBytes(): number
  /** Writes a message to standard error. */
  err(text: string): void
  /** Returns the chunks of standard input. */
  stdin(): AsyncIterable<Buffer | string>
  /** Returns the chunks of a file. The iteration throws when the file cannot be read. */
  chunks(path: string): AsyncIterable<Buffer | string>
  /** @throws when the file cannot be read */
  readFile(path: string): string
  /** Replaces the file in one step, so that no reader sees half of it. @throws when it cannot be written */
  writeFile(path: string, text: string): void
  isFile(path: string): boolean
  /** Aborted by Ctrl-C, by SIGTERM, and when the reader of standard output has left. */
  readonly interrupted: AbortSignal
  /** Returns milliseconds since 1970. */
  now(): number
  /** Returns a number in [0, 1). */
  random(): number
  /** Undefined before Node 22. */
  readonly WebSocket: typeof globalThis.WebSocket | undefined
}
