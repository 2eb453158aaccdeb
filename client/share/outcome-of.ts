import { SendError } from '../send-error.ts'
import type { Refusal } from '../send/outbox.ts'

/**
 * Returns the refusal of a send, undefined if it was accepted, and null if another answer follows: the connection is gone and the event is sent on the
 * next one, or the event is on its way already.
 */
export async function outcomeOf(sent: Promise<void>): Promise<Refusal | undefined | null> {
  try {
    await sent
    return undefined
  } catch (error) {
    if (!(error instanceof SendError)) return { type: 'urn:carillon:client:no-answer', detail: String(error) }
    const { type, message } = error
    if (type.endsWith(':client:closed') || type.endsWith(':client:duplicate-id')) return null
    // The leader's outbox is that of all tabs.
    return { type, detail: message, ...(type.endsWith(':client:outbox-full') && { retryAfterMs: 1_000 }) }
  }
}
