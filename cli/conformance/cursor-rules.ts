import { type AnyEvent, show } from './judge-event.ts'
import { compareIds, cursorOf, featuresOf, hasId, idsOf, isOf, rule, type Transport, transportNames } from './resume-bench.ts'
import { fail, notApplicable, pass, type Rule } from './rule.ts'
import type { StreamRequest } from './streams.ts'

/** Rules of short cursors, docs/protocol.md section 2.7. A server without the feature need not keep them. */
const section = '2.7'
const feature = 'short-cursors'
const withoutFeature = notApplicable(`The server does not have the feature ${feature}.`)
const short: StreamRequest = { query: { cursor: 'latest', cursors: 'short' } }

const isShort = (event: AnyEvent): boolean => cursorOf(event)?.startsWith('.') === true

/** Returns the cursor that a client holds after these events: the last whole one, and the short ones since then, one for each partition. */
function heldAfter(events: readonly AnyEvent[]): string {
  let held = ''
  for (const event of events) {
    const given = cursorOf(event)
    if (given === null) continue
    held = given.startsWith('.') ? `${withoutPartitionOf(held, given)}${given}` : given
  }
  return held
}

/** Removes the earlier short cursor of a partition: the one with the same characters up to the `-`. */
function withoutPartitionOf(held: string, given: string): string {
  const [whole, ...shorts] = held.split('.')
  const partition = given.slice(1, given.indexOf('-') + 1)
  return [whole, ...shorts.filter((one) => !one.startsWith(partition))].join('.')
}

/** Returns the query with the whole cursor in one parameter and the short ones in another. */
function returnWith(held: string): StreamRequest {
  const [cursor = '', ...shorts] = held.split('.')
  return { query: { cursor, cursors: ['short', ...shorts].join('.') } }
}

const resumesByShortCursors = (transport: Transport, suffix: string): Rule =>
  rule(
    {
      id: `short-cursors${suffix}`,
      section,
      title: `A client that returns with its whole cursor and the short ones behind it gets exactly the later events ${transportNames[transport]}`,
    },
    async ({ lab, open, emit, read }) => {
      const before = await open(transport, short)
      const first = await read(before, isOf('resumed'), 'dev.carillon.resumed')
      if (!featuresOf(first.at(-1)).includes(feature)) return withoutFeature
      const [, two, three] = await emit(3)
      const seen = await read(before, hasId(three), 'An event')
      before.close()
      // Some events have whole cursors all the same: one in 64 of a pod's, so not three in a row.
      if (!seen.some(isShort)) return fail('No event has a short cursor.')
      const later = await emit(2)
      const held = heldAfter([...first, ...seen.slice(0, seen.findIndex(hasId(two)) + 1)])
      const events = await read(await open(transport, returnWith(held)), isOf('resumed'), 'dev.carillon.resumed')
      if (events.some(isOf('gap'))) return fail('A gap came, although the events are recent.')
      const difference = compareIds([...(three === undefined ? [] : [three]), ...later], idsOf(lab, events))
      return difference === null ? pass('3 events came, once and in order, and then dev.carillon.resumed.') : fail(difference)
    },
  )

export const cursorRules: readonly Rule[] = [
  resumesByShortCursors('websocket', ''),
  resumesByShortCursors('sse', '-sse'),
  rule({ id: 'short-cursor-ids', section, title: 'On SSE an event with a short cursor has no field id' }, async ({ open, emit, read }) => {
    const stream = await open('sse', short)
    const [resumed] = await read(stream, isOf('resumed'), 'dev.carillon.resumed')
    if (!featuresOf(resumed).includes(feature)) return withoutFeature
    const last = (await emit(3)).at(-1)
    const { items, found } = await stream.until(hasId(last))
    if (found === null) return fail('An event did not come.')
    const blocks = items.flatMap((item) => (item.kind === 'event' && isShort(item.event) && item.block !== null ? [item.block] : []))
    if (blocks.length === 0) return fail('No event has a short cursor.')
    const wrong = blocks.find(({ id }) => id !== null)
    return wrong === undefined ? pass(`${blocks.length} events have none.`) : fail(`The id of an event is ${show(wrong.id)}.`)
  }),
  rule(
    { id: 'whole-cursors', section, title: 'A client that does not ask for short cursors gets whole ones' },
    async ({ open, emit, read }) => {
      const stream = await open('websocket', { query: { cursor: 'latest' } })
      const [resumed] = await read(stream, isOf('resumed'), 'dev.carillon.resumed')
      if (!featuresOf(resumed).includes(feature)) return withoutFeature
      const last = (await emit(3)).at(-1)
      const bad = (await read(stream, hasId(last), 'An event')).find(isShort)
      return bad === undefined ? pass('It does.') : fail(`The cursor of an event is ${show(bad['cursor'])}.`)
    },
  ),
]
