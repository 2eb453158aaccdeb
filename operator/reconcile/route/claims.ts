import type { RealtimeChannel } from '../../../api/v1alpha1/realtime-channel.ts'
import type { ObjectRef } from '../../../api/kubernetes.ts'
import { createRouteIndex, type Placed } from './index-of-places.ts'
import { addressOf, type RoutePlace } from './place.ts'
import { askedRoute, heldRoute, placesOfRecord } from './record.ts'
import type { RouteRival, RouteRecord } from '../world.ts'
import { keyOf, refOf, uniqueRefs } from '../../../api/object-ref.ts'

/**
 * Decides which channel has which paths of which host.
 *
 * Controllers send a request to the longest matching path, so a path and everything below it belong to one channel. Two claims collide when one path begins the
 * other, segment by segment, on hosts that overlap.
 *
 * A channel that has a place, by its status, keeps it. Otherwise the older channel gets it, by creation and then by uid. Without the first rule, an old channel
 * that asks late would take the path of every younger one. Every replica of the operator and every restart decides in the same way.
 *
 * The watch and a reconcile see two versions of a channel. If the claim of one version were checked and the other were planned, a channel that changes back and
 * forth could get any path. So a reconcile takes the route for the version that it plans, in one step. It looks up the owner and takes a free route at once,
 * before the status says so.
 */
export interface RouteClaims {
  /** Notes a new or changed channel. @returns the other channels whose plans may change */
  upsert(channel: RealtimeChannel): readonly ObjectRef[]
  /** Notes a channel that is not understood, or is refused. Its route stays, and so does its claim to the route. @returns as `upsert` */
  suspend(channel: RouteHolder): readonly ObjectRef[]
  /** Forgets a deleted channel. @returns the other channels whose plans may change */
  remove(ref: ObjectRef): readonly ObjectRef[]
  rivalOf(ref: ObjectRef): RouteRival | null
  /** Gives a channel that is about to be planned the route that it asks for, unless another has it. */
  take(channel: RealtimeChannel): Taken
  /** Returns the rival of a channel as given here. The call claims nothing. */
  rivalIf(channel: RealtimeChannel): RouteRival | null
  isKnown(channel: RouteHolder): boolean
  /** Returns the channels that ask for this place, or for one that it is within. */
  askingFor(place: RoutePlace): readonly ObjectRef[]
}

export interface Taken {
  /** Owner of the route; null: the channel has it, or asks for none. */
  readonly rival: RouteRival | null
  /** Other channels whose plans may change. */
  readonly affected: readonly ObjectRef[]
}

/** Parts of a channel from which its claim to its present route follows. */
export type RouteHolder = Pick<RealtimeChannel, 'metadata' | 'status'>

interface Claim {
  readonly ref: ObjectRef
  readonly uid: string
  /** Sort key for age. */
  readonly age: string
  /** Places of the spec. */
  readonly asked: readonly ClaimEntry[]
  /** Places that the channel has and no longer asks for, by its status or because it took them: its Ingress may still exist. */
  readonly left: readonly ClaimEntry[]
}

interface ClaimEntry extends Placed {
  readonly owner: ObjectRef
  /** Sort key: first the channels that have the place by their status, then by age. */
  readonly rank: string
}

export function createRouteClaims(): RouteClaims {
  const byChannel = new Map<string, Claim>()
  /** Routes that channels took, by uid: their status, or a watch event with it, comes later. */
  const taken = new Map<string, RouteRecord>()
  const index = createRouteIndex<ClaimEntry>()

  const rivalsAt = (entry: ClaimEntry): readonly ClaimEntry[] =>
    [...index.find(entry.place, 'overlapping')].filter(({ owner }) => keyOf(owner) !== keyOf(entry.owner))
  const allOf = (claim: Claim): readonly ClaimEntry[] => [...claim.asked, ...claim.left]
  /** Returns the channels that rank behind this claim. The claim does not affect those before it. */
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

  /** Returns whether the channel still claims. A channel whose deletion the watch has seen does not, even while its reconcile continues. */
  const isKnown = (channel: RouteHolder): boolean => byChannel.get(keyOf(refOf(channel)))?.uid === uidOf(channel)

  function remember(claim: Claim): readonly ObjectRef[] {
    const before = byChannel.get(keyOf(claim.ref))
    if (before !== undefined && isSame(before, claim)) return []
    // The channel was deleted and created again, and the watch did not report the deletion.
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
