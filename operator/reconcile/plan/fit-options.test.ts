import { expect, it } from 'vitest'
import { fitOptions } from './fit-options.ts'

const nothing = (): boolean => false

it('leaves the defaults as they are: they fit', () => {
  expect(fitOptions({}, nothing)).toEqual({})
})

it('raises what was not chosen to what was, and lowers it where that is the greater one', () => {
  expect(fitOptions({ emitMaxBatch: 9_000 }, nothing)).toEqual({ emitMaxInFlight: 9_000, emitBurst: 9_000 })
  expect(fitOptions({ inboundFramesBurst: 5 }, nothing)).toEqual({ inboundFramesPerS: 5 })
  expect(fitOptions({ replayMaxBytes: 65_536, emitMaxBodyBytes: 2_048 }, nothing)).toEqual({ maxEventBytes: 2_048 })
})

it('changes neither of two that were both chosen, nor one that somebody wrote although it is the default', () => {
  expect(fitOptions({ upgradeBurst: 10, upgradeRatePerS: 20 }, nothing)).toEqual({})
  expect(fitOptions({ emitBurst: 50, emitRatePerS: 10, emitMaxBatch: 100 }, (name) => name === 'emitMaxBatch')).toEqual({})
})
