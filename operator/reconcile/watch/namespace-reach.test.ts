import { describe, expect, it } from 'vitest'
import { createNamespaceReach } from './namespace-reach.ts'

function rig() {
  const events: string[] = []
  const reach = createNamespaceReach({
    lease: { namespace: 'carillon-system', name: 'carillon' },
    record: ({ kind, metadata }, { type, reason, note }) =>
      events.push(`${kind}/${metadata.namespace}/${metadata.name} ${type} ${reason} ${/namespace (\S+)/.exec(note)?.[1]}`),
  })
  return { reach, events }
}

describe('a namespace out of reach', () => {
  it('is reported by an Event about the Lease once this process works, and so is its return', () => {
    const { reach, events } = rig()
    reach.changed('wb', true)
    expect([events, reach.all()]).toEqual([[], ['wb']])
    reach.work()
    expect(events).toEqual(['Lease/carillon-system/carillon Warning NamespaceOutOfReach wb'])
    reach.changed('wa', true)
    reach.changed('wb', false)
    expect(events.slice(1)).toEqual([
      'Lease/carillon-system/carillon Warning NamespaceOutOfReach wa',
      'Lease/carillon-system/carillon Normal NamespaceInReach wb',
    ])
  })
})
