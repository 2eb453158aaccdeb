import { clientError, SendError } from '../send-error.ts'
import type { Refusal } from './outbox.ts'

/** Commands that wait for their answers. */
export class Commands {
  readonly #waiting = new Map<string, (error?: SendError) => void>()

  /** Rejects after a refusal, and without an answer in time. */
  add(id: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: SendError): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        if (error) reject(error)
        else resolve()
      }
      const timer = setTimeout(() => settle(noAnswer()), timeoutMs)
      this.#waiting.set(id, settle)
    })
  }

  answer(id: unknown): void {
    this.#waiting.get(String(id))?.()
  }

  /** @returns false for the id of no command */
  refuse(id: unknown, { type, detail }: Refusal): boolean {
    const settle = this.#waiting.get(String(id))
    settle?.(new SendError(type, detail))
    return settle !== undefined
  }

  /** The connection is gone, and no answer will come. */
  end(): void {
    for (const settle of this.#waiting.values()) settle(noAnswer())
  }
}

const noAnswer = (): SendError => clientError('no-answer', 'The gateway did not answer in time. Try again.')
