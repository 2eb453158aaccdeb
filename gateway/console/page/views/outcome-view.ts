import { type ConnectionModel, median } from '../connection-model.ts'
import { find, h } from '../dom.ts'
import type { EmitOutcome } from '../emit.ts'
import { formatCount, formatLatency } from '../format.ts'

export interface OutcomeView {
  show(outcomes: readonly EmitOutcome[]): void
  /** Hides that the gateway did not answer, once a connection of the page is open again. */
  render(connections: readonly ConnectionModel[]): void
}

/** Makes the place that shows what the gateway answered. */
export function createOutcomeView(): OutcomeView {
  const box = find('emit-outcome', HTMLDivElement)
  let isUnreachable = false
  let openBefore: ReadonlySet<number> = new Set()
  return {
    show: (outcomes) => {
      const failure = outcomes.find(({ kind }) => kind !== 'accepted')
      isUnreachable = failure?.kind === 'unreachable'
      box.hidden = false
      box.className = `outcome ${failure === undefined ? 'good' : 'bad'}`
      box.replaceChildren(...(failure === undefined ? describeAccepted(outcomes) : describeFailure(failure, outcomes)))
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

function describeFailure(failure: EmitOutcome, outcomes: readonly EmitOutcome[]): readonly Node[] {
  const failed = outcomes.filter(({ kind }) => kind !== 'accepted').length
  const count = outcomes.length > 1 ? [h('p', {}, `${failed} of ${outcomes.length} were not accepted. The first:`)] : []
  if (failure.kind === 'unreachable') return [...count, h('p', {}, h('b', {}, 'No answer'), ` ${failure.detail}`)]
  if (failure.kind === 'accepted') return count
  const errors = failure.errors.length === 0 ? [] : [h('ul', {}, ...failure.errors.map((error) => h('li', {}, error)))]
  const retry = failure.retryAfterS === null ? [] : [h('p', {}, `Try again after ${formatCount(failure.retryAfterS, 'second')}.`)]
  return [...count, h('p', {}, h('b', {}, String(failure.status)), ` ${failure.title}.`), h('p', {}, failure.detail), ...errors, ...retry]
}
