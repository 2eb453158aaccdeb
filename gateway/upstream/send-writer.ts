import type { EventPublisher, PublishFailure } from '../emit/event-publisher.ts'
import type { CloudEvent } from '../event/cloud-event.ts'
import { encodeRecord, encodeWithoutAudience } from '../event/encode-record.ts'
import type { Metrics } from '../observability/metrics.ts'
import type { Tracer } from '../observability/tracer.ts'
import { parseTraceparent } from '../request/traceparent.ts'
import type { Result } from '../../program/result.ts'
import type { FrameProblem } from '../session/control-events.ts'
import type { AcceptRule } from '../config/accept-rule.ts'

/** What the brokers have of an event. */
export interface WriteOutcome {
  /** True: the record of the upstream topic was acknowledged. */
  readonly isWritten: boolean
  /** null: every record was acknowledged. */
  readonly problem: FrameProblem | null
}

export interface WriteOrder {
  readonly event: CloudEvent
  readonly rule: Pick<AcceptRule, 'deliverTo'>
  /** True: the record of the upstream topic was acknowledged earlier. */
  readonly isWritten: boolean
  /** Key of the record: the user. */
  readonly key: string
}

export interface SendWriterParts {
  readonly upstream: Pick<EventPublisher, 'publish'>
  readonly delivery: Pick<EventPublisher, 'publish'>
  readonly timeoutMs: number
  readonly tracer: Tracer
  readonly metrics: Pick<Metrics, 'upstreamWritable'>
  readonly clock: () => number
}

/**
 * Makes the function that writes an event: first to the upstream topic, and after its acknowledgement to the channel's own, if its rule delivers it. So
 * no browser gets an event that services may never see. If the second one fails, only that is written when the event is sent again.
 */
export function createSendWriter(parts: SendWriterParts): (order: WriteOrder) => Promise<WriteOutcome> {
  return async (order) => {
    const given = order.event.attributes['traceparent']
    const parent = typeof given === 'string' && parseTraceparent(given) !== null ? given : null
    const span = parts.tracer.startSpan('send', { parent, kind: 'producer' })
    try {
      const outcome = await writeBoth(order, span.traceparent ?? parent, parts)
      span.end(outcome.problem === null ? {} : { error: outcome.problem.type })
      return outcome
    } catch (bug) {
      span.end({ error: 'internal error in the gateway' })
      throw bug
    }
  }
}

async function writeBoth(order: WriteOrder, traceparent: string | null, parts: SendWriterParts): Promise<WriteOutcome> {
  const { event, rule, key } = order
  const deadlineMs = parts.clock() + parts.timeoutMs
  if (!order.isWritten) {
    const written = await parts.upstream.publish([encodeWithoutAudience(event, key, traceparent)], { timeoutMs: parts.timeoutMs })
    reportWritable(written, parts)
    if (!written.ok) return { isWritten: false, problem: problemOf(written.error, 'upstream') }
  }
  if (rule.deliverTo === 'none') return { isWritten: true, problem: null }
  const timeoutMs = Math.max(1, deadlineMs - parts.clock())
  const delivered = await parts.delivery.publish([encodeRecord(event, traceparent)], { timeoutMs })
  return { isWritten: true, problem: delivered.ok ? null : problemOf(delivered.error, 'channel') }
}

/** Sets the gauge. A record that is too large says nothing about the brokers. */
function reportWritable(written: Result<void, PublishFailure>, { metrics }: SendWriterParts): void {
  if (written.ok) metrics.upstreamWritable.set(1)
  else if (written.error.kind !== 'too-large') metrics.upstreamWritable.set(0)
}

/** Time that a client should wait for a broker that does not answer, in milliseconds: about as long as the election of a leader. */
const brokerPauseMs = 2_000

/** Returns the problem of a failure. The publisher's own text stays in the log, because it may name brokers. */
function problemOf({ kind }: PublishFailure, topic: 'upstream' | 'channel'): FrameProblem {
  switch (kind) {
    case 'too-large':
      return {
        type: 'event-too-large',
        detail: 'The event is too large for the topic. Send a reference to the large data in place of the data.',
      }
    case 'refused':
      return { type: 'refused-by-log', detail: topic === 'upstream' ? refused : refusedDelivery }
    case 'timeout':
    case 'unavailable':
      return {
        type: 'not-acknowledged',
        detail:
          'The brokers have not acknowledged the event, which may be in the topic or not. Send it again: with the same id this is safe.',
        retryAfterMs: brokerPauseMs,
      }
  }
}

const remedy =
  'Ask the administrator of the gateway: its log lines have the reason. Then send the event again: with the same id this is safe.'
const refused = `The brokers refused the event, which is not in the topic. ${remedy}`
const refusedDelivery = `The brokers refused to deliver the event on the channel. It is in the upstream topic. ${remedy}`
