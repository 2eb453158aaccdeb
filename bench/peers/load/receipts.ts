/** Events that one client got, out of those that it should get. */
export class Receipts {
  #counts = new Uint8Array(1_024)
  #last = -1
  #outOfOrder = 0

  note(number: number): void {
    if (number >= this.#counts.length) this.#grow(number)
    const before = this.#counts[number] ?? 0
    if (before < 255) this.#counts[number] = before + 1
    if (before > 0) return
    if (number < this.#last) this.#outOfOrder += 1
    else this.#last = number
  }

  /** @param numbers of the events that the server took */
  countLosses(numbers: readonly number[]): Loss {
    const counts = numbers.map((number) => this.#counts[number] ?? 0)
    return {
      expected: numbers.length,
      delivered: counts.filter((count) => count > 0).length,
      duplicates: counts.reduce((total, count) => total + Math.max(0, count - 1), 0),
      outOfOrder: this.#outOfOrder,
    }
  }

  #grow(number: number): void {
    const larger = new Uint8Array(Math.max(number + 1, this.#counts.length * 2))
    larger.set(this.#counts)
    this.#counts = larger
  }
}

export interface Loss {
  /** Expected deliveries. */
  readonly expected: number
  /** Expected deliveries that happened once or more. */
  readonly delivered: number
  /** Deliveries beyond the first of the same event to the same client. */
  readonly duplicates: number
  /** Events that arrived after one that was emitted later. */
  readonly outOfOrder: number
}

export const noLoss: Loss = { expected: 0, delivered: 0, duplicates: 0, outOfOrder: 0 }

export function addLosses(losses: readonly Loss[]): Loss {
  return losses.reduce(
    (sum, loss) => ({
      expected: sum.expected + loss.expected,
      delivered: sum.delivered + loss.delivered,
      duplicates: sum.duplicates + loss.duplicates,
      outOfOrder: sum.outOfOrder + loss.outOfOrder,
    }),
    noLoss,
  )
}
