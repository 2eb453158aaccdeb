/** Load generator: a process that holds the clients of all servers, and does the same for each. Started by `startChild`. */
import { answerCalls } from '../../lib/calls.ts'
import type { Identity } from '../dialects/dialect.ts'
import { Group } from './group.ts'
import type { LoadCalls } from './load-calls.ts'
import { saturate } from './saturate.ts'

const groups = new Map<string, Group>()
const known: Identity[] = []

function find(name: string): Group {
  const group = groups.get(name)
  if (group === undefined) throw new Error(`there is no group ${name}`)
  return group
}

const calls: LoadCalls = {
  identities: ({ identities }) => void known.splice(0, known.length, ...identities),
  open: (options) => {
    const first = options.firstIdentity ?? 0
    const identities = known.slice(first, first + options.clients)
    if (identities.length < options.clients) throw new Error(`there are identities for ${known.length} clients only`)
    const group = new Group(options, identities)
    groups.set(options.group, group)
    return group.open()
  },
  counts: ({ group }) => find(group).counts(),
  awaitEvents: ({ group, events, timeoutMs }) => find(group).awaitEvents(events, timeoutMs),
  latencies: ({ group }) => {
    const { latencies } = find(group).shared
    const read = latencies.read()
    latencies.clear()
    return read
  },
  saturate: (plan) => saturate(find(plan.group).shared, plan),
  shrink: ({ group, clients }) => find(group).shrink(clients),
  stallLast: ({ group }) => find(group).stallLast(),
  thawLast: ({ group }) => find(group).thawLast(),
  move: ({ group, ports }) => void (find(group).shared.ports = ports),
  comeBack: ({ group, ...backOff }) => find(group).comeBack(backOff),
  dropNetworks: ({ group, ...drops }) => find(group).dropNetworks(drops),
  countLosses: ({ group, numbers }) => find(group).countLosses(numbers),
  storm: ({ group, ...options }) => find(group).storm(options),
  close: ({ group }) => {
    find(group).close()
    groups.delete(group)
  },
}

answerCalls(calls)
