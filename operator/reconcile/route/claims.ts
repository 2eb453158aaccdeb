import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import { createRouteIndex, type Placed } from './index-of-places.ts'
import { addressOf, type RoutePlace } from './place.ts'
import { askedRoute, heldRoute, placesOfRecord } from './record.ts'
import type { RouteRival, RouteRecord } from '../world.ts'
import { keyOf, refOf, uniqueRefs } from '../../../api/object-ref.ts'

/**
 * Which channel has which paths of which host. Controllers send a request where the longest path says, so a path and everything below it are one
 * channel's: two claims collide when one path begins the other, segment by segment, on hosts that overlap.
 *
 * A channel that has a place, by its status, keeps it. Otherwise the older one gets it, by creation and then by uid. Without the first rule, a channel
 * that was made early and asks late would take the path of every younger one. Every replica of the operator and every restart finds the same again.
 *
 * What the watch shows and what a reconcile reads are two versions of a channel. To look up the claim of the one and to plan the other would let a
 * channel that changes to and fro have any path. So a reconcile takes the route for the channel that it plans, in one step: who has it is looked up,
 * and the route is the channel's from then on, before its status says so.
 */
export interface RouteClaims {
  /** A channel appeared or changed. @returns the other channels for whom that may change something */
  upsert(channel: RealtimeChannel): readonly ObjectRef[]
  /** A channel is not understood, or is refused as a whole: its route stays as it is, and so does its claim to that. @returns as `upsert` */
  suspend(channel: RouteHolder): readonly ObjectRef[]
  /** A channel is gone. @returns the other channels for whom that may change something */
  remove(ref: ObjectRef): readonly ObjectRef[]
  rivalOf(ref: ObjectRef): RouteRival | null
  /** Gives a channel that is about to be planned the route that it asks for, unless another has it. */
  take(channel: RealtimeChannel): Taken
  /** The same for a channel that is as it is given here, and claims nothing by being asked about. */
  rivalIf(channel: RealtimeChannel): RouteRival | null
  isKnown(channel: RouteHolder): boolean
  /** Returns the channels that ask for this place, or for one that it is within. */
  askingFor(place: RoutePlace): readonly ObjectRef[]
}

export interface Taken {
  /** Who has it; null: the channel has it, or asks for none. */
  readonly rival: RouteRival | null
  /** The other channels for whom that may change something. */
  readonly affected: readonly ObjectRef[]
}

/** What of a channel its claim to the route that it has follows from. */
export type RouteHolder = Pick<RealtimeChannel, 'metadata' | 'status'>

interface Claim {
  readonly ref: ObjectRef
  readonly uid: string
  /** Sorts by age. */
  readonly age: string
  /** What the spec asks for. */
  readonly asked: readonly ClaimEntry[]
  /** What it has, by its status or because it took it, and the spec no longer asks for: its Ingress may be there still. */
  readonly left: readonly ClaimEntry[]
}

interface ClaimEntry extends Placed {
  readonly owner: ObjectRef
  /** Sorts by who has it: those that have it by their status first, and then by age. */
  readonly rank: string
}

export function createRouteClaims(): RouteClaims {
  const byChannel = new Map<string, Claim>()
  /** What channels took, by uid: their status, or an event that shows it, comes later. */
  const taken = new Map<string, RouteRecord>()
  const index = createRouteIndex<ClaimEntry>()

  const rivalsAt = (entry: ClaimEntry): readonly ClaimEntry[] =>
    [...index.find(entry.place, 'overlapping')].filter(({ owner }) => keyOf(owner) !== keyOf(entry.owner))
  const allOf = (claim: Claim): readonly ClaimEntry[] => [...claim.asked, ...claim.left]
  /** Channels that rank behind: what happens to this claim changes nothing for those before it. */
  const behind = (claim: Claim): readonly ObjectRef[] =>
    allOf(claim).flatMap((entry) =>
      rivalsAt(entry)
        .filter(({ rank }) => rank > entry.rank)
        .map(({ owner }) => owner),
    )

  function firstRival(asked: readonly ClaimEntry[]): RouteRival | null {
    for (const entry of asked) {
      const first = rivalsAt(entry).reduce((best, each) => (each.rank < best.rank ? each : best), entry)
      if (first !== entry) return { channel: first.owner, path: addressOf(entry.place), taken: addressOf(first.place) }
    }
    return null
  }

  function forget(ref: ObjectRef): readonly ObjectRef[] {
    const claim = byChannel.get(keyOf(ref))
    if (claim === undefined) return []
    byChannel.delete(keyOf(ref))
    for (const entry of allOf(claim)) index.remove(entry)
    return uniqueRefs(behind(claim))
  }

  const takenBy = (channel: RouteHolder): RouteRecord | null => taken.get(uidOf(channel)) ?? null

  /** A channel that the watch has seen going claims nothing any more, although a reconcile of it goes on. */
  const isKnown = (channel: RouteHolder): boolean => byChannel.get(keyOf(refOf(channel)))?.uid === uidOf(channel)

  function remember(claim: Claim): readonly ObjectRef[] {
    const before = byChannel.get(keyOf(claim.ref))
    if (before !== undefined && isSame(before, claim)) return []
    // It was made anew, and nobody told of its end.
    if (before !== undefined && before.uid !== claim.uid) taken.delete(before.uid)
    const released = forget(claim.ref)
    byChannel.set(keyOf(claim.ref), claim)
    for (const entry of allOf(claim)) index.add(entry)
    return uniqueRefs([...released, ...behind(claim)])
  }

  return {
    upsert: (channel) => remember(claimOf(channel, askedRoute(channel), takenBy(channel))),
    suspend: (channel) => remember(claimOf(channel, null, takenBy(channel))),
    remove(ref) {
      taken.delete(byChannel.get(keyOf(ref))?.uid ?? '')
      return forget(ref)
    },
    rivalOf: (ref) => firstRival(byChannel.get(keyOf(ref))?.asked ?? []),
    rivalIf: (channel) => firstRival(claimOf(channel, askedRoute(channel), takenBy(channel)).asked),
    take(channel) {
      const asked = askedRoute(channel)
      const rival = firstRival(claimOf(channel, asked, takenBy(channel)).asked)
      if (!isKnown(channel)) return { rival, affected: [] }
      if (rival === null && asked !== null) taken.set(uidOf(channel), asked)
      else taken.delete(uidOf(channel))
      return { rival, affected: remember(claimOf(channel, asked, takenBy(channel))) }
    },
    isKnown,
    askingFor: (place) => uniqueRefs([...index.find({ ...place, match: 'Exact' }, 'overlapping')].map(({ owner }) => owner)),
  }
}

const uidOf = ({ metadata }: Pick<RouteHolder, 'metadata'>): string => metadata.uid ?? ''

function claimOf(channel: RouteHolder, route: RouteRecord | null, taken: RouteRecord | null): Claim {
  const { metadata } = channel
  const ref = refOf(channel)
  const age = `${metadata.creationTimestamp ?? ''} ${metadata.uid ?? ''}`
  const asked = placesOf(route)
  const had = uniquePlaces([...placesOf(heldRoute(channel)), ...placesOf(taken)])
  const has = (place: RoutePlace): boolean => had.some((each) => addressOf(each) === addressOf(place))
  const entryOf =
    (isHeld: boolean) =>
    (place: RoutePlace): ClaimEntry => ({ place, owner: ref, rank: `${isHeld ? 'has' : 'wants'} ${age}` })
  return {
    ref,
    uid: uidOf(channel),
    age,
    asked: asked.map((place) => entryOf(has(place))(place)),
    left: had.filter((place) => !asked.some((each) => addressOf(each) === addressOf(place))).map(entryOf(true)),
  }
}

const placesOf = (record: RouteRecord | null): readonly RoutePlace[] => (record === null ? [] : placesOfRecord(record))

const uniquePlaces = (places: readonly RoutePlace[]): readonly RoutePlace[] => [
  ...new Map(places.map((place) => [addressOf(place), place])).values(),
]

const isSame = (a: Claim, b: Claim): boolean => JSON.stringify(a) === JSON.stringify(b)
