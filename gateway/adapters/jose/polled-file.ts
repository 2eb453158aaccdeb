import { open, stat } from 'node:fs/promises'
import { messageOf } from '../../../program/message-of.ts'
import type { Logger, LogFields } from '../../../program/log/logger.ts'
import { failed, ok, type Result } from '../../../program/result.ts'

export interface PolledFileOptions<Content> {
  readonly path: string
  /** Name of the option that has the path. */
  readonly setting: string
  readonly maxBytes: number
  /** @default 2000 */
  readonly pollMs?: number
  /** Reads the text. The error names the expected format and quotes nothing. */
  readonly parse: (text: string) => Result<Parsed<Content>, string> | Promise<Result<Parsed<Content>, string>>
}

export interface Parsed<Content> {
  readonly content: Content
  /** Fields of the log line. */
  readonly fields: LogFields
}

const defaultPollMs = 2_000

/**
 * Reads keys from a file, again when it changes. It polls the file instead of watching it. Kubernetes replaces a mounted Secret by turning
 * a symbolic link further up. A watcher of the file does not notice that, but a look at the file shows another inode. A new file that is
 * invalid is reported once and changes nothing, and so is a missing one.
 */
export class PolledFile<Content extends object> {
  readonly #options: PolledFileOptions<Content>
  readonly #logger: Logger
  #content: Content | null = null
  /** State of the file when its content was read. */
  #version = ''
  #reported = ''
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(options: PolledFileOptions<Content>, logger: Logger) {
    this.#options = options
    this.#logger = logger
  }

  /** @throws Error when the file cannot be read or its content is of no use: a person has to change something */
  async start(): Promise<void> {
    const outcome = await this.#load()
    if (!outcome.ok) throw new Error(`${this.#options.setting}: ${outcome.error}`)
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#polling
  }

  /** Null before the start. A new file is another object. */
  get content(): Content | null {
    return this.#content
  }

  #schedule(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#polling = this.#poll()
    }, this.#options.pollMs ?? defaultPollMs).unref()
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    const outcome = await this.#load()
    const reason = outcome.ok ? '' : outcome.error
    if (reason !== '' && reason !== this.#reported) {
      this.#logger.error({ file: this.#options.path, reason }, 'key file invalid; the previous keys stay in use')
    }
    if (!outcome.ok || outcome.value === 'read') this.#reported = reason
    this.#schedule()
  }

  /**
   * The look comes before the reading: a change in between is found at the next look. A file that cannot be read is tried again each time.
   */
  async #load(): Promise<Result<'read' | 'unchanged', string>> {
    const { path, maxBytes, parse } = this.#options
    const version = await versionOf(path)
    if (version === this.#version) return ok('unchanged')
    const text = await readBounded(path, maxBytes)
    if (!text.ok) return text
    this.#version = version
    const parsed = await parse(text.value)
    if (!parsed.ok) return parsed
    this.#content = parsed.value.content
    this.#logger.info({ file: path, ...parsed.value.fields }, 'key file read')
    return ok('read')
  }
}

/** The byte order marks of UTF-16, of either order. */
const utf16Marks: ReadonlySet<string> = new Set(['fffe', 'feff'])

/** Follows symbolic links. */
async function versionOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true })
    return [dev, ino, size, mtimeNs].join()
  } catch {
    return 'unreadable' // the file is missing, or not readable: the reader reports which
  }
}

async function readBounded(path: string, maxBytes: number): Promise<Result<string, string>> {
  try {
    await using file = await open(path)
    const buffer = Buffer.alloc(maxBytes + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    if (bytesRead > maxBytes) return failed(`the file has more than ${maxBytes} bytes`)
    // Windows PowerShell writes such files unless another encoding is given.
    if (utf16Marks.has(buffer.toString('hex', 0, 2))) return failed('the file is UTF-16; save it as UTF-8')
    return ok(buffer.toString('utf8', 0, bytesRead))
  } catch (error) {
    return failed(`the file cannot be read (${messageOf(error)})`)
  }
}
