import type { Logger } from '../../../program/log/logger.ts'
import { ok } from '../../../program/result.ts'
import type { KeySet } from './key-set.ts'
import { findIn, type KeyHeader, type KeyLookup, type KeySource } from './key-source.ts'
import { maxKeySetBytes, parseKeys } from './parse-keys.ts'
import { PolledFile } from './polled-file.ts'

export interface FileKeysOptions {
  readonly path: string
  readonly algorithms: readonly string[]
  /** @default 2000 */
  readonly pollMs?: number
}

/** Keys of a file. */
export class FileKeys implements KeySource {
  readonly #file: PolledFile<KeySet>

  constructor({ algorithms, ...options }: FileKeysOptions, logger: Logger) {
    const parse = async (text: string) => {
      const made = await parseKeys(text, algorithms)
      if (!made.ok) return made
      const { keys, ignored } = made.value
      return ok({ content: keys, fields: { keys: keys.size, ignored } })
    }
    this.#file = new PolledFile({ ...options, setting: 'JWT_KEYS_FILE', maxBytes: maxKeySetBytes, parse }, logger)
  }

  /** @throws Error when the file cannot be read or has no usable key: a person has to change something */
  start(): Promise<void> {
    return this.#file.start()
  }

  stop(): Promise<void> {
    return this.#file.stop()
  }

  current(): KeySet | null {
    return this.#file.content
  }

  /** A key that is not in the file exists nowhere. */
  lookup(header: KeyHeader): Promise<KeyLookup> {
    const keys = this.current()
    return Promise.resolve(findIn(keys, header) ?? { kind: keys === null ? 'unavailable' : 'unknown' })
  }
}
