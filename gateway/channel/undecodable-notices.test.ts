import { expect, it } from 'vitest'
import { createRecordingLogger } from '../testing/recording-logger.ts'
import { createUndecodableNotices } from './undecodable-notices.ts'

const failure = { reason: 'bad-attribute', detail: 'The attribute "type" must not begin so.' } as const

function rig(deadLetterTopic: string | null = 'events.dlq') {
  const log = createRecordingLogger()
  let now = 0
  const notice = createUndecodableNotices({ topic: 'events', deadLetterTopic, everyMs: 10_000, clock: () => now, logger: log.logger })
  return {
    at: (atMs: number, offset: number) => {
      now = atMs
      notice({ partition: 3, offset }, failure)
    },
    warnings: () => log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields),
    debug: () => log.lines.filter(({ level }) => level === 'debug').map(({ fields }) => fields['offset']),
  }
}

// `make emit-test` said that it wrote a record, and the gateway said nothing: a newcomer saw success on one side and silence on the other.
it('warns of the first record at once, with its place, the reason and the topic of its copy', () => {
  const { at, warnings } = rig()
  at(0, 7)
  expect(warnings()).toEqual([
    { topic: 'events', partition: 3, offset: 7, ...failure, deadLetterTopic: 'events.dlq', othersSinceLastWarning: 0 },
  ])
})

it('warns once in 10 s, counts those in between, and has each of them at debug', () => {
  const { at, warnings, debug } = rig()
  for (const [atMs, offset] of [
    [0, 1],
    [1, 2],
    [9_999, 3],
    [10_000, 4],
    [10_001, 5],
    [20_000, 6],
  ] as const)
    at(atMs, offset)
  expect(warnings().map(({ offset, othersSinceLastWarning }) => [offset, othersSinceLastWarning])).toEqual([
    [1, 0],
    [4, 2],
    [6, 1],
  ])
  expect(debug()).toEqual([1, 2, 3, 4, 5, 6])
})

it('says that there is no copy where no dead letters are written', () => {
  const { at, warnings } = rig(null)
  at(0, 1)
  expect(warnings()).toMatchObject([{ deadLetterTopic: null }])
})
