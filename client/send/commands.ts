import { clientError, SendError } from '../send-error.ts'
import type { Refusal } from './outbox.ts'

/** Commands that wait for their answers. The gateway carries them out one after the other, so answers of one type come in the order of the commands. */
export class Commands {
  readonly #waiting = new Map<string, Command>()

  /** @param answer type of the event that confirms it. Rejects after a refusal, and without an answer in time. */
  add(id: string, answer: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: SendError): void => {
        clearTimeout(timer)
        this.#waiting.delete(id)
        if (error) reject(error)
        else resolve()
      }
      const timer = setTimeout(() => settle(noAnswer()), timeoutMs)
      this.#waiting.set(id, { answer, settle })
    })
  }

  answer(type: string): void {
    for (const command of this.#waiting.values()) if (command.answer === type) return command.settle()
  }

  /** @returns false for the id of no command */
  refuse(id: unknown, { type, detail }: Refusal): boolean {
    const command = typeof id === 'string' ? this.#waiting.get(id) : undefined
    command?.settle(new SendError(type, detail))
    return command !== undefined
  }

  /** The connection is gone, and no answer will come. */
  end(): void {
    for (const { settle } of this.#waiting.values()) settle(noAnswer())
  }
}

interface Command {
  readonly answer: string
  readonly settle: (error?: SendError) => void
}

const noAnswer = (): SendError => clientError('no-answer', 'The gateway did not answer in time. Try again.')
