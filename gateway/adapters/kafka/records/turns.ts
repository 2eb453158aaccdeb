import { setImmediate } from 'node:timers/promises'

/** How long work may go on before the event loop turns. */
const turnMs = 4

/** Measures how long one piece of work has kept the event loop, and lets it turn. */
export class Turns {
  #startedAt = performance.now()

  /** Whether it is time for the event loop to turn. Costs some 40 ns. */
  get isSpent(): boolean {
    return performance.now() - this.#startedAt > turnMs
  }

  /** Lets the event loop turn when it is time. */
  async rest(): Promise<void> {
    if (this.isSpent) await this.turn()
  }

  async turn(): Promise<void> {
    await setImmediate()
    this.#startedAt = performance.now()
  }
}
