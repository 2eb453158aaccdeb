import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createBoundedLookup } from './bounded-lookup.ts'

function rig() {
  const running = new Map<string, Parameters<LookupFunction>[2]>()
  const answers: string[] = []
  let nowMs = 0
  const lookup = createBoundedLookup({
    lookup: (hostname, _options, callback) => void running.set(hostname, callback),
    maxAtOnce: 2,
    maxWaitMs: 3_000,
    now: () => nowMs,
  })
  return {
    ask: (...names: string[]) =>
      names.forEach((name) =>
        lookup(name, {}, (error, address) => answers.push(error === null ? `${name} ${String(address)}` : `${name} ${String(error.code)}`)),
      ),
    answer(name: string) {
      const callback = running.get(name)
      running.delete(name)
      callback?.(null, '10.0.0.1', 4)
    },
    pass: (ms: number) => {
      nowMs += ms
    },
    running: () => [...running.keys()],
    answers,
  }
}

describe('looking up the names of brokers that channels name', () => {
  it('uses two threads at most, and starts the next lookup when one is free', () => {
    const { ask, answer, running, answers } = rig()
    ask('a', 'b', 'c', 'd')
    expect(running()).toEqual(['a', 'b'])
    answer('b')
    expect([running(), answers]).toEqual([['a', 'c'], ['b 10.0.0.1']])
    answer('a')
    answer('c')
    answer('d')
    expect(answers).toHaveLength(4)
    ask('e', 'f', 'g')
    expect(running()).toEqual(['e', 'f'])
  })

  it('does not start a lookup that waited for too long, and fails it', () => {
    const { ask, answer, pass, running, answers } = rig()
    ask('slow', 'slower', 'late')
    pass(3_001)
    ask('new')
    answer('slow')
    expect([running(), answers]).toEqual([
      ['slower', 'new'],
      ['late EAI_AGAIN', 'slow 10.0.0.1'],
    ])
  })
})
