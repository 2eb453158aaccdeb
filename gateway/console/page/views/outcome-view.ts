import { type ConnectionModel, median } from '../connection-model.ts'
import { find, h } from '../dom.ts'
import type { EmitOutcome, SendOutcome } from '../emit.ts'
import { formatCount, formatLatency } from '../format.ts'

export interface OutcomeView {
  show(outcomes: readonly EmitOutcome[]): void
  /** Shows the answers to events that a connection sent; null: they are on their way. */
  showSends(outcomes: readonly SendOutcome[] | null): void
  /** Hides that the gateway did not answer, once a connection of the page is open again. */
  render(connections: readonly ConnectionModel[]): void
}

/** Makes the place that shows what the gateway answered. */
export function createOutcomeView(): OutcomeView {
  const box = find('emit-outcome', HTMLDivElement)
  let isUnreachable = false
  let openBefore: ReadonlySet<number> = new Set()
  const fill = (look: 'good' | 'bad' | 'waiting', content: readonly Node[]): void => {
    box.hidden = false
    box.className = `outcome ${look}`
    box.replaceChildren(...content)
  }
  return {
    show: (outcomes) => {
      const failure = outcomes.find(({ kind }) => kind !== 'accepted')
      isUnreachable = failure?.kind === 'unreachable'
      fill(failure === undefined ? 'good' : 'bad', failure === undefined ? describeAccepted(outcomes) : describeFailure(failure, outcomes))
    },
    showSends: (outcomes) => {
      isUnreachable = false
      if (outcomes === null) return fill('waiting', [h('p', {}, 'Sent. Waiting for the acknowledgement.')])
      const rejected = outcomes.find((outcome) => outcome.kind === 'rejected')
      if (rejected === undefined) return fill('good', describeAcknowledged(outcomes))
      const count = outcomes.filter(({ kind }) => kind === 'rejected').length
      const counted = outcomes.length > 1 ? [h('p', {}, `${count} of ${outcomes.length} were not acknowledged. The first:`)] : []
      fill('bad', [...counted, h('p', {}, h('b', {}, rejected.problem), ` ${rejected.detail}`)])
    },
    render: (connections) => {
      const open = new Set(connections.filter(({ state }) => state.kind === 'open').map(({ id }) => id))
      if (isUnreachable && [...open].some((id) => !openBefore.has(id))) {
        isUnreachable = false
        box.hidden = true
      }
      openBefore = open
    },
  }
}

function describeAccepted(outcomes: readonly EmitOutcome[]): readonly Node[] {
  const accepted = outcomes.filter((outcome) => outcome.kind === 'accepted')
  const [first] = accepted
  const took = formatLatency(median(accepted.map(({ tookMs }) => tookMs)))
  if (first === undefined || accepted.length > 1)
    return [h('p', {}, h('b', {}, '202'), ` ${accepted.length} events are in the topic, each after about ${took}.`)]
  return [h('p', {}, h('b', {}, '202'), ` In the topic after ${took}.`), h('p', { class: 'mono' }, `${first.source}  ${first.id}`)]
}

function describeAcknowledged(outcomes: readonly SendOutcome[]): readonly Node[] {
  const acknowledged = outcomes.filter((outcome) => outcome.kind === 'acknowledged')
  const took = formatLatency(median(acknowledged.map(({ tookMs }) => tookMs)))
  const [first] = acknowledged
  if (first === undefined || acknowledged.length > 1)
    return [h('p', {}, h('b', {}, 'ack'), ` ${acknowledged.length} events are acknowledged, each after about ${took}.`)]
  return [h('p', {}, h('b', {}, 'ack'), ` In the upstream topic after ${took}.`), h('p', { class: 'mono' }, first.id)]
}

function describeFailure(failure: EmitOutcome, outcomes: readonly EmitOutcome[]): readonly Node[] {
  const failed = outcomes.filter(({ kind }) => kind !== 'accepted').length
  const count = outcomes.length > 1 ? [h('p', {}, `${failed} of ${outcomes.length} were not accepted. The first:`)] : []
  if (failure.kind === 'unreachable') return [...count, h('p', {}, h('b', {}, 'No answer'), ` ${failure.detail}`)]
  if (failure.kind === 'accepted') return count
  const errors = failure.errors.length === 0 ? [] : [h('ul', {}, ...failure.errors.map((error) => h('li', {}, error)))]
  const retry = failure.retryAfterS === null ? [] : [h('p', {}, `Try again after ${formatCount(failure.retryAfterS, 'second')}.`)]
  return [...count, h('p', {}, h('b', {}, String(failure.status)), ` ${failure.title}.`), h('p', {}, failure.detail), ...errors, ...retry]
}
