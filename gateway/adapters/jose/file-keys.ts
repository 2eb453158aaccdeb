import { messageOf } from '../../../program/message-of.ts'
import { open, stat } from 'node:fs/promises'
import type { Logger } from '../../../program/log/logger.ts'
import { failed, ok, type Result } from '../../../program/result.ts'
import type { KeySet } from './key-set.ts'
import { findIn, type KeyHeader, type KeyLookup, type KeySource } from './key-source.ts'
import { maxKeySetBytes, parseKeys } from './parse-keys.ts'

export interface FileKeysOptions {
  readonly path: string
  readonly algorithms: readonly string[]
  /** @default 2000 */
  readonly pollMs?: number
}

const defaultPollMs = 2_000

/**
 * Reads keys from a file, again when it changes. It polls the file instead of watching it. Kubernetes replaces a mounted Secret by turning
 * a symbolic link further up. A watcher of the file does not notice that, but a look at the file shows another inode. A new file that is
 * invalid is reported once and changes nothing, and so is a missing one.
 */
export class FileKeys implements KeySource {
  readonly #path: string
  readonly #algorithms: readonly string[]
  readonly #pollMs: number
  readonly #logger: Logger
  #keys: KeySet | null = null
  /** State of the file when its content was read. */
  #version = ''
  #reported = ''
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor({ path, algorithms, pollMs = defaultPollMs }: FileKeysOptions, logger: Logger) {
    this.#path = path
    this.#algorithms = algorithms
    this.#pollMs = pollMs
    this.#logger = logger
  }

  /** @throws Error when the file cannot be read or has no usable key: a person has to change something */
  async start(): Promise<void> {
    const outcome = await this.#load()
    if (!outcome.ok) throw new Error(`JWT_KEYS_FILE: ${outcome.error}`)
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearTimeout(this.#timer)
    await this.#polling
  }

  current(): KeySet | null {
    return this.#keys
  }

  /** A key that is not in the file exists nowhere. */
  lookup(header: KeyHeader): Promise<KeyLookup> {
    return Promise.resolve(findIn(this.#keys, header) ?? { kind: this.#keys === null ? 'unavailable' : 'unknown' })
  }

  #schedule(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(() => {
      this.#polling = this.#poll()
    }, this.#pollMs).unref()
  }

  /** Never rejects. */
  async #poll(): Promise<void> {
    const outcome = await this.#load()
    const reason = outcome.ok ? '' : outcome.error
    if (reason !== '' && reason !== this.#reported) {
      this.#logger.error({ file: this.#path, reason }, 'key file invalid; the previous keys stay in use')
    }
    if (!outcome.ok || outcome.value === 'read') this.#reported = reason
    this.#schedule()
  }

  /**
   * The look comes before the reading: a change in between is found at the next look. A file that cannot be read is tried again each time.
   */
  async #load(): Promise<Result<'read' | 'unchanged', string>> {
    const version = await versionOf(this.#path)
    if (version === this.#version) return ok('unchanged')
    const text = await readBounded(this.#path)
    if (!text.ok) return text
    this.#version = version
    const made = await parseKeys(text.value, this.#algorithms)
    if (!made.ok) return made
    this.#keys = made.value.keys
    this.#logger.info({ file: this.#path, keys: made.value.keys.size, ignored: made.value.ignored }, 'key file read')
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

async function readBounded(path: string): Promise<Result<string, string>> {
  try {
    await using file = await open(path)
    const buffer = Buffer.alloc(maxKeySetBytes + 1)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    if (bytesRead > maxKeySetBytes) return failed(`the file has more than ${maxKeySetBytes} bytes`)
    // Windows PowerShell writes such files unless another encoding is given.
    if (utf16Marks.has(buffer.toString('hex', 0, 2))) return failed('the file is UTF-16; save it as UTF-8')
    return ok(buffer.toString('utf8', 0, bytesRead))
  } catch (error) {
    return failed(`the file cannot be read (${messageOf(error)})`)
  }
}
