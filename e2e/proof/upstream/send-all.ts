import { sleep } from '../../../program/waiting.ts'
import type { SendingSdkClient } from '../../../testing/clients/sending-sdk-client.ts'

/** What happened to the sends, as the clients saw it. */
export interface SendReport {
  /** Acknowledged events: `user id`. */
  readonly acknowledged: readonly string[]
  /** Events that a client gave up, with the reason. */
  readonly refused: readonly string[]
  /** Milliseconds from the call to the acknowledgement, all attempts together. */
  readonly latenciesMs: readonly number[]
}

export interface SendAllOptions {
  readonly sends: number
  /** Milliseconds over which the sends are spread. */
  readonly durationMs: number
  /** @param done number of sends that have an answer */
  readonly progress: (done: number) => void
}

export const sendType = 'proof.send'

/** Sends events in turn from all clients, at an even rate, without waiting for earlier answers. Resolves when each has its answer. */
export async function sendAll(clients: readonly SendingSdkClient[], { sends, durationMs, progress }: SendAllOptions): Promise<SendReport> {
  const report = { acknowledged: [] as string[], refused: [] as string[], latenciesMs: [] as number[] }
  const startedMs = Date.now()
  const waiting: Promise<void>[] = []
  const sendOne = async (client: SendingSdkClient, number: number): Promise<void> => {
    const id = `send-${number}`
    const sentAtMs = Date.now()
    try {
      await client.send(id, sendType, { number, padding: 'x'.repeat(200) })
      report.acknowledged.push(`${client.user} ${id}`)
      report.latenciesMs.push(Date.now() - sentAtMs)
    } catch (error) {
      report.refused.push(`${client.user} ${id}: ${String(error)}`)
    }
    progress(report.acknowledged.length + report.refused.length)
  }
  for (let number = 0; number < sends;) {
    const due = Math.min(sends, Math.ceil((sends * (Date.now() - startedMs)) / durationMs) + 1)
    for (; number < due; number += 1) {
      const client = clients[number % clients.length]
      if (client !== undefined) waiting.push(sendOne(client, number))
    }
    await sleep(10)
  }
  await Promise.all(waiting)
  return report
}
