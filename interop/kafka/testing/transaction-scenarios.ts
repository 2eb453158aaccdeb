import type { Step } from './plan.ts'

/** Transactions of several producers, and which of their events clients may see. */
export interface Scenario {
  readonly title: string
  readonly steps: readonly Step[]
  readonly committed: readonly string[]
  readonly aborted: readonly string[]
  /** Values of undecodable records. */
  readonly committedPoison: readonly string[]
  readonly abortedPoison: readonly string[]
}

/** Each scenario has a partition of its own; the last one has those of `roundPartitions`. */
export const scenarios: readonly Scenario[] = [
  scenario('one that is committed', ['A begin', 'A event', 'A poison', 'A event', 'A commit'], 0),
  scenario('one that is aborted', ['A begin', 'A event', 'A poison', 'A event', 'A abort'], 1),
  scenario('one that is aborted, then one that is committed', ['A begin', 'A event', 'A abort', 'A begin', 'A event', 'A commit'], 2),
  // A broker lists aborted transactions in the order of their ends, not of their beginnings. B commits another one, so that B's end is
  // surely in the topic first.
  scenario(
    'two that overlap and are aborted, the later one first',
    ['A begin', 'B begin', 'A event', 'A poison', 'B event', 'B poison', 'B abort', 'B begin', 'B event', 'B commit', 'A abort'],
    3,
  ),
  scenario(
    'two that overlap and are aborted, the earlier one first',
    ['A begin', 'B begin', 'A event', 'B event', 'A abort', 'B abort'],
    4,
  ),
  scenario(
    'two that overlap, of which the later one is committed first and the other one aborted',
    ['A begin', 'B begin', 'A event', 'B event', 'A event', 'B commit', 'A abort'],
    5,
  ),
  scenario(
    'two that overlap, of which the later one is aborted first and the other one committed',
    ['A begin', 'B begin', 'A event', 'B event', 'A event', 'B abort', 'A commit'],
    6,
  ),
  ...manyRounds(),
]

export const scenarioPartitions = 9

/**
 *
 * @param acts each is a producer and its action
 */
function scenario(title: string, acts: readonly string[], partition: number): Scenario {
  const steps = acts.map((act, at): Step => {
    const [producer = '', what = ''] = act.split(' ')
    // The words are those above.
    return { producer, do: what as Step['do'], id: `${title}/${producer}-${at}`, partition }
  })
  return withOutcome(title, steps)
}

/** Returns the records that are committed, as a broker would. */
function withOutcome(title: string, steps: readonly Step[]): Scenario {
  const open = new Map<string, Step[]>()
  const ended: Readonly<Record<'commit' | 'abort', Step[]>> = { commit: [], abort: [] }
  for (const step of steps) {
    if (step.do === 'begin') open.set(step.producer, [])
    else if (step.do === 'commit' || step.do === 'abort') ended[step.do].push(...(open.get(step.producer) ?? []))
    else open.get(step.producer)?.push(step)
  }
  const ids = (of: readonly Step[], what: Step['do']): readonly string[] => of.filter((step) => step.do === what).map(({ id }) => id)
  return {
    title,
    steps,
    committed: ids(ended.commit, 'event'),
    aborted: ids(ended.abort, 'event'),
    committedPoison: ids(ended.commit, 'poison'),
    abortedPoison: ids(ended.abort, 'poison'),
  }
}

/** Three producers over two partitions: eight rounds, in each of which all overlap and end in a shuffled order. The seed is fixed. */
function manyRounds(): readonly Scenario[] {
  const [title, names] = ['eight rounds of three that overlap on two partitions', ['A', 'B', 'C']]
  let state = 7
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const shuffled = <T>(values: readonly T[]): readonly T[] =>
    values
      .map((value) => ({ value, at: random(1_000_000) }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ value }) => value)
  const steps = Array.from({ length: 8 }, (_, round): readonly Step[] => {
    const step = (what: Step['do'], producer: string, n: number): Step => ({
      do: what,
      producer,
      id: `${title}/${round}-${producer}-${n}`,
      partition: 7 + (n % 2),
    })
    const records = shuffled(
      names.flatMap((name) => [step('event', name, 0), step('event', name, 1), step('poison', name, 2), step('event', name, 3)]),
    )
    return [
      ...names.map((name) => step('begin', name, 0)),
      ...records,
      ...shuffled(names).map((name) => step(random(2) === 0 ? 'commit' : 'abort', name, 0)),
    ]
  })
  return [withOutcome(title, steps.flat())]
}
